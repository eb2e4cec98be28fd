import { offerCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import { checkOfferLife, decoded, openEnvelope, requireProvider } from '../../mesh/index.ts'
import { bookEntry } from '../book-entry.ts'
import type { Clock, Crypto, NetworkIdentity } from '../../components.ts'
import type { StakeView } from '../../mesh/index.ts'
import type { BookEntry } from '../interface.ts'
import type { Envelope, Hex } from '@duckmesh/proto'

/**
 * Checks a caps record by the rules of a gossiped offer (K-24): its own peer signed it, it lives, and the
 * operator of the hello acts for the provider.
 *
 * @throws DuckMeshError as `openEnvelope`, WRONG_TOPIC, BINDING_MISMATCH, BINDING_UNKNOWN, INVALID_PROVIDER or
 *   CHAIN_UNREACHABLE
 */
export async function verifyRecord(
  record: Envelope,
  remote: { peerKey: Hex; operator: Hex | undefined },
  components: { network: NetworkIdentity; crypto: Crypto; clock: Clock; stake: StakeView },
): Promise<BookEntry> {
  const opened = await openEnvelope(record, components)
  if (opened.body.type !== 'offer') {
    throw new DuckMeshError('WRONG_TOPIC', 'The record is not an offer.')
  }
  if (opened.peerKey !== remote.peerKey) {
    throw new DuckMeshError('BINDING_MISMATCH', 'The record is of another peer.')
  }
  const offer = decoded(() => offerCodec.decode(opened.body.payload))
  checkOfferLife(offer, opened.body)
  if (remote.operator === undefined) {
    throw new DuckMeshError('BINDING_UNKNOWN', 'The hello named no operator.')
  }
  await requireProvider(components.stake, remote.operator, offer.provider)
  return bookEntry({ ...opened, offer })
}
