package strictjson

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"
)

// fewMembers is up to how many members comparing pairs beats sorting.
const fewMembers = 64

var hashSeed = maphash.MakeSeed()

// unique refuses an object in which two names decode to the same text.
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

// uniqueFew compares pairs of names, but only those that share a mark made of
// their length, their beginning and their end: most names have one of their own.
// It does not know where a name has escapes: decoding it for each pair would
// cost its length each time.
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

// markFactor is odd and another in each process, so that nobody can choose names
// which share a mark without sharing what it is made of.
var markFactor = maphash.String(hashSeed, "mark") | 1

// mark makes nine bits of the name in data[start:end], quotes included.
func mark(data []byte, start, end int) uint64 {
	var first, last uint64
	switch size := end - start; {
	case size >= 8:
		first, last = binary.LittleEndian.Uint64(data[start:]), binary.LittleEndian.Uint64(data[end-8:])
	case start+8 <= len(data):
		first = binary.LittleEndian.Uint64(data[start:]) << (64 - 8*size)
	default: // the same, near the end of the text
		for _, c := range data[start:end] {
			first = first>>8 | uint64(c)<<56
		}
	}
	return ((first ^ bits.RotateLeft64(last, 29) ^ uint64(end-start)) * markFactor) >> 55
}

// uniqueMany sorts the names by a hash.
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
		// Equal hashes of different names may lie between two equal ones.
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
