//go:build !unix

package serve

func ignoreWriteSignals() {}
