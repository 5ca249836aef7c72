// Package revocation shares revocations between replicas through Redis or
// Valkey.
//
// What must never happen is that a replica forgets a logout because of what the
// store does, or that a decision waits for it:
//
//   - Every replica holds all revocations in its own memory
//     (verifier.Revocations), and decisions ask nothing else.
//   - The store is a set that only grows until its entries expire. Merging is
//     union, in any order, any number of times: an entry that the store has lost
//     is written again by whoever still knows it, and no entry takes another
//     back. Whoever can write to the store can deny, and hide what others were
//     told while they were not connected; nothing that is known here is undone.
//   - A logout counts here before the store is told. Where the store cannot be
//     told, the next synchronization does.
//   - What an entry says is checked; what cannot be read is ignored, counted and
//     logged.
//
// A synchronization follows every subscription, so that nothing is missed that
// was published while the connection was down, and then comes every half minute.
// A ping that the store answers on the subscription proves that everything
// published before has been seen: that is how old the local copy is said to be.
//
// Each entry is a key of its own, with the store's own expiry, so the clocks of
// replicas need not agree:
//
//	claimgate:revocation:<SHA-256 of issuer and jti>   the entry as JSON, SET NX PX
//	claimgate:revocations:<database>                   the channel: new entries
package revocation
