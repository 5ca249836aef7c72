// Package shared shares revocations between replicas through Redis or Valkey.
//
// What must never happen: a replica forgets a logout because of what the store does; a
// decision waits for the store. Therefore:
//
//   - Every replica holds all revocations in its own memory (revocation.List). A
//     decision reads only that list.
//   - The store is a set that only grows until its entries expire. A merge is a union,
//     in any order, any number of times: a replica that knows an entry writes it again
//     if the store has lost it, and no entry takes another back. Whoever can write to
//     the store can cause denials, and can hide logouts from replicas that were not
//     connected; it cannot undo what a replica knows.
//   - A logout counts in this replica before the store is told. If the store cannot be
//     told, the next synchronization tells it.
//   - An entry is checked. An unreadable entry is ignored, counted and logged.
//
// A synchronization follows every subscription, so that no entry is missed that was
// published while the connection was down; another one follows every half minute. The
// store answers pings on the subscription: an answer proves that this replica has seen
// everything published before the ping. The age of the local copy counts from there.
//
// Each entry has its own key with the store's own expiry, so the clocks of replicas
// need not agree:
//
//	claimgate:revocation:<SHA-256 of issuer and jti>   the entry as JSON, SET NX PX
//	claimgate:revocations:<database>                   the channel: new entries
package shared
