/** The way of a light client's proofs to staked peers, over the evidence protocol. */
import { EvidenceClient } from '@duckmesh/protocols/evidence'
import type { ClientBinding, Clock, Logger, NetworkIdentity } from '@duckmesh/protocols'
import { buildHello } from '@duckmesh/protocols/mesh'
import type { BindingBook } from '@duckmesh/protocols/mesh'
import type { OfferFinder } from '../discovery/find-offers.ts'
import type { ClientHost } from '../host/create-client-host.ts'
import { EvidenceHandover } from './hand-over.ts'
import type { EvidenceTaker } from './hand-over.ts'

export interface HandoverParts {
  /** This client's binding, renewed before it expires. */
  binding: () => Promise<ClientBinding>
  bindings: BindingBook
  clock: Clock
  /** Whose live offers show who may take a proof. */
  finder: OfferFinder
  host: ClientHost
  logger: Logger
  network: NetworkIdentity
}

export function createHandover(parts: HandoverParts): EvidenceHandover {
  const { binding, clock, finder, network } = parts
  const hello = async (): Promise<ReturnType<typeof buildHello>> =>
    buildHello(network, { client: await binding() })
  const takers = (): EvidenceTaker[] =>
    finder.book
      .entries(clock.now())
      .map(({ offer, peerKey }) => ({ owner: offer.provider, peerKey }))
  return new EvidenceHandover({ ...parts, client: new EvidenceClient({ ...parts, hello }), takers })
}
