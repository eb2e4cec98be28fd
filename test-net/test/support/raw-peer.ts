/** The peer that follows no rules, under the name that tests know it by. */
export { RawPeer, nextFrame, rng, signerOf, stopPeers } from '../../src/scenario/raw-peer.ts'
