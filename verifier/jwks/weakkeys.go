package jwks

import "math/big"

// rocaPrimes are the primes that reveal a modulus of the faulty library of CVE-2017-15361.
// Modulo each of these primes, such a modulus is a power of 65537.
var rocaPrimes = []uint64{
	3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
	101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
}

// factorable reports whether an RSA modulus has the shape of a key that can be
// factored (Nemec et al., "The Return of Coppersmith's Attack", 2017, section
// 2.3). One random modulus in 2^27 has that shape by chance.
func factorable(n *big.Int) bool {
	rest := new(big.Int)
	for _, p := range rocaPrimes {
		want := rest.Mod(n, new(big.Int).SetUint64(p)).Uint64()
		power := uint64(1)
		for power != want {
			if power = power * 65537 % p; power == 1 {
				return false
			}
		}
	}
	return true
}
