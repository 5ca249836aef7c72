package access

// shortest returns a shortest resource of the kind, "bucket/object", that matches every pattern of in and no
// pattern of out. The patterns must hold no unknown text. If found is false and sure is true, there is no such
// resource. If both are false, the search needs more than maxStates states.
func shortest(kind Kind, in, out []Pattern) (text string, found, sure bool) {
	w := walker{patterns: append(append([]Pattern(nil), in...), out...), in: len(in), lead: -1, ends: kind.accepts()}
	for _, g := range out {
		if len(g) == 1 && g[0] == star {
			return "", false, true
		}
	}
	w.alphabet()
	w.letters[0], w.letters[1] = other, '/' // finds "x/x" before "x//"
	start := w.start()
	seen := map[string]bool{start.Key(): true}
	queue := []path{{state: start, from: -1}}
	for at := 0; at < len(queue); at++ {
		if w.accepts(queue[at].state) {
			return w.spell(queue, at), true, true
		}
		for _, a := range w.letters {
			next, alive := w.step(queue[at].state, a)
			if !alive {
				continue
			}
			if k := next.Key(); !seen[k] {
				if len(seen) >= maxStates {
					return "", false, false
				}
				seen[k] = true
				queue = append(queue, path{next, at, a})
			}
		}
	}
	return "", false, true
}

// path is a state of the search with the step that led there.
type path struct {
	state
	from int    // the index of the state before, in the queue; -1 for the start
	read symbol // the symbol that was read in the state before
}

// spell returns the resource that leads to the state queue[at]. The symbol other becomes a letter that no
// pattern names, if there is one.
func (w *walker) spell(queue []path, at int) string {
	letter := byte('x')
	const letters = "xyzabcdefghijklmnopqrstuvw0123456789XYZABCDEFGHIJKLMNOPQRSTUVW_~"
	for i := range len(letters) {
		if !w.names(letters[i]) {
			letter = letters[i]
			break
		}
	}
	var word []byte
	for ; queue[at].from >= 0; at = queue[at].from {
		if a := queue[at].read; a == other {
			word = append(word, letter)
		} else {
			word = append(word, byte(a))
		}
	}
	for i, j := 0, len(word)-1; i < j; i, j = i+1, j-1 {
		word[i], word[j] = word[j], word[i]
	}
	return string(word)
}

func (w *walker) names(b byte) bool {
	for _, a := range w.letters {
		if a == symbol(b) {
			return true
		}
	}
	return false
}

// likelyBucket matches resources whose bucket has at least three bytes, as S3 requires of the name of a bucket.
var likelyBucket = Pattern{questionMark, questionMark, questionMark, star, '/', star}
