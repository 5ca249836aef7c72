package access

// Word returns a shortest resource of the kind, "bucket/object", that matches every pattern of in and no
// pattern of out. The patterns hold no unknown text. found is false if there is no such resource, or if
// the search would need too many states; sure is true in the first case only.
func Word(kind Kind, in, out []Pattern) (text string, found, sure bool) {
	w := walker{patterns: append(append([]Pattern(nil), in...), out...), in: len(in), lead: -1, ends: kind.accepts()}
	for _, g := range out {
		if len(g) == 1 && g[0] == run {
			return "", false, true
		}
	}
	w.alphabet()
	w.letters[0], w.letters[1] = other, '/' // "x/x" reads better than "x//"
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

// path is a state with the step that led to the state.
type path struct {
	state
	from int
	read symbol
}

// spell returns the word that leads to a state. A byte that no pattern names is a letter, if possible.
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

// likely matches resources whose bucket has at least three bytes, as every bucket's name has.
var likely = Pattern{one, one, one, run, '/', run}
