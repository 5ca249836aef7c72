package strictjson

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
)

// fewMembers is the number of members up to which comparing pairs is faster than sorting.
const fewMembers = 64

var hashSeed = maphash.MakeSeed()

// unique returns an error if two names of the object decode to the same text.
func (d *Document) unique(object int32) error {
	count := d.nodes[object].count
	if count < 2 {
		return nil
	}
	if count <= fewMembers {
		if known, err := d.uniqueFew(object); known {
			return err
		}
	}
	return d.uniqueMany(object)
}

// uniqueFew compares pairs of names, but only names with the same mark. A mark is computed
// from the length, the beginning and the end of a name, so most names have different
// marks. known is false if a name has escapes, because decoding the name for each pair
// would be expensive.
func (d *Document) uniqueFew(object int32) (known bool, _ error) {
	var seen [8]uint64
	for i, n := object+1, d.nodes[object].count; n > 0; n-- {
		name := &d.nodes[i]
		if name.escaped {
			return false, nil
		}
		mark := mark(d.data, int(name.start), int(name.end))
		if bit := uint64(1) << (mark & 63); seen[mark>>6]&bit == 0 {
			seen[mark>>6] |= bit
		} else {
			for before := object + 1; before < i; before = d.nodes[before+1].next {
				if d.sameText(i, before) {
					return true, d.duplicate(i)
				}
			}
		}
		i = d.nodes[i+1].next
	}
	return true, nil
}

// markFactor is odd, and different in each process. So nobody can choose names with
// different lengths, beginnings or ends but the same mark.
var markFactor = maphash.String(hashSeed, "mark") | 1

// mark returns the nine-bit mark of the name in data[start:end], quotes included.
func mark(data []byte, start, end int) uint64 {
	var first, last uint64
	switch size := end - start; {
	case size >= 8:
		first, last = binary.LittleEndian.Uint64(data[start:]), binary.LittleEndian.Uint64(data[end-8:])
	case start+8 <= len(data):
		first = binary.LittleEndian.Uint64(data[start:]) << (64 - 8*size)
	default: // the same for a name near the end of data
		for _, c := range data[start:end] {
			first = first>>8 | uint64(c)<<56
		}
	}
	return ((first ^ bits.RotateLeft64(last, 29) ^ uint64(end-start)) * markFactor) >> 55
}

// uniqueMany sorts the names by a hash and compares names with the same hash.
func (d *Document) uniqueMany(object int32) error {
	d.hash = d.hash[:0]
	for i, n := object+1, d.nodes[object].count; n > 0; n-- {
		d.hash = append(d.hash, hashedName{maphash.String(hashSeed, Value{d, i}.View()), i})
		i = d.nodes[i+1].next
	}
	slices.SortFunc(d.hash, func(a, b hashedName) int {
		switch {
		case a.hash != b.hash && a.hash < b.hash:
			return -1
		case a.hash != b.hash:
			return 1
		}
		return int(a.node - b.node)
	})
	for n := 1; n < len(d.hash); n++ {
		// Different names may have the same hash and be between two equal names.
		for m := n - 1; m >= 0 && d.hash[m].hash == d.hash[n].hash; m-- {
			if d.sameText(d.hash[n].node, d.hash[m].node) {
				return d.duplicate(d.hash[n].node)
			}
		}
	}
	return nil
}

func (d *Document) duplicate(i int32) error {
	return &Error{int(d.nodes[i].start), "an object has two members of one name"}
}

func (d *Document) sameText(a, b int32) bool {
	x, y := &d.nodes[a], &d.nodes[b]
	if x.escaped || y.escaped {
		return Value{d, a}.View() == Value{d, b}.View()
	}
	return x.end-x.start == y.end-y.start &&
		view(d.data[x.start:x.end]) == view(d.data[y.start:y.end])
}
