package matrix

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/policy"
)

// Class is a class of actions, and a column of the matrix.
type Class int

// The classes. Every action is in exactly one of the first five. Some actions are root-equivalent as well: see
// policy.RootEquivalent.
const (
	Read Class = iota
	Write
	Delete
	List
	Admin
	RootEquivalent
	classCount
)

var classNames = [classCount]string{"read", "write", "delete", "list", "admin", "root-equivalent"}

func (c Class) String() string { return classNames[c] }

// Classes lists the classes in the order of the columns.
func Classes() []Class { return []Class{Read, Write, Delete, List, Admin, RootEquivalent} }

// members are the actions of each class.
var members = classify()

func classify() (all [classCount][]string) {
	root := policy.RootEquivalent()
	for _, action := range policy.Actions() {
		if strings.HasPrefix(action, "sts:") {
			continue // MinIO does not ask the webhook about logins
		}
		c := ClassOf(action)
		all[c] = append(all[c], action)
		if slices.Contains(root, action) {
			all[RootEquivalent] = append(all[RootEquivalent], action)
		}
	}
	return all
}

// ClassOf returns the class of an action, one of the first five.
func ClassOf(action string) Class {
	name, isS3 := strings.CutPrefix(action, "s3:")
	if !isS3 {
		return Admin
	}
	begins := func(with ...string) bool {
		return slices.ContainsFunc(with, func(w string) bool { return strings.HasPrefix(name, w) })
	}
	switch {
	case name == "ListMultipartUploadParts": // about an object, not about a list of objects
		return Read
	case begins("List", "HeadBucket"):
		return List
	case begins("Get"):
		return Read
	case begins("Delete", "ForceDelete", "Abort", "ReplicateDelete", "BypassGovernanceRetention"):
		return Delete
	}
	return Write
}

// Actions returns the actions of the class.
func (c Class) Actions() []string { return slices.Clone(members[c]) }
