package handles

// KeptBytes returns how many bytes a stream keeps for the next ReadStart.
func KeptBytes(t *TCP) (n int) {
	if k := (*stream)(t.Base()).rare().kept; k != nil {
		for _, p := range k.chunks {
			n += len(p)
		}
	}
	return n
}
