// Package shared shares revocations between replicas through Redis or Valkey.
//
// What must never happen: a replica forgets a logout because of what the store does; a
// decision waits for the store. Therefore:
//
//   - Every replica holds all revocations in its own memory (revocation.List). A
//     decision reads only that list.
//   - The store is a set that only grows until its entries expire. A merge is a union,
//     in any order, any number of times. If the store has lost an entry, a replica that
//     knows the entry writes it again. No entry removes another. A program that can
//     write to the store can cause denials, and can hide logouts from replicas that were
//     not connected. It cannot remove an entry from a replica's memory.
//   - A logout counts in this replica before it is written to the store. If the write
//     fails, the next synchronization writes the entry.
//   - An entry is checked. An unreadable entry is ignored, counted and logged.
//
// A synchronization follows every subscription, because entries may have been published
// while the connection was down. Another one follows every half minute. The store answers
// pings on the subscription. An answer proves that this replica has received everything
// that was published before the ping. The age of the local copy counts from that ping.
//
// Each entry has its own key with the store's own expiry, so the clocks of replicas
// need not agree:
//
//	claimgate:revocation:<SHA-256 of issuer and jti>   the entry as JSON, SET NX PX; so a jti counts once
//	claimgate:revocations:<database>                   the channel: new entries
package shared
