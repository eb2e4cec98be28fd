import { bytesToHex, hexToBytes, shardOf } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { DuckMeshError } from '../../errors.ts'
import { chooseAuction } from './choose-auction.ts'
import { MODE_REDUNDANT, RULE_VERSION } from './constants.ts'
import { areNeighbours } from './turns.ts'
import { verifySet } from './verify-set.ts'
import type { SeatView } from '../../election/index.ts'
import type { Choice, MemberDraw, OpenedSet } from './interface.ts'
import type { AuctionComponents } from './verify-set.ts'
import type { AuctionProof, Hex, JobHeader, Match } from '@duckmesh/proto'

/** The job and the proof that came with its award or openings. */
export interface RecomputeInput {
  header: JobHeader
  jobId: Hex
  proof: AuctionProof
}

/**
 * Repeats a client's choice from its proof with every check (K-67): what winner, seat and bidders do.
 *
 * @throws DuckMeshError NOT_SUPPORTED, BID_INVALID for a reply secret that is not of the header's key, MATCH_INVALID,
 *   STALE_SEAT, CHOICE_WRONG for a draw that the order did not commit to, or CHAIN_UNREACHABLE
 */
export async function recomputeChoice(
  input: RecomputeInput,
  components: AuctionComponents,
): Promise<Choice> {
  const { header, jobId, proof } = input
  checkShape(proof, components.seats)
  await checkReplySecret(header, proof.replySecret, components)
  const auction = { header, jobId, replySecret: proof.replySecret, opened: new Map() }
  const sets = await Promise.all(proof.sets.map((set) => verifySet(set, auction, components)))
  return chooseFrom(sets, proof, header, components.seats)
}

/**
 * The choice from sets that are verified and opened.
 *
 * @throws DuckMeshError MATCH_INVALID without a set, CHOICE_WRONG, or CHAIN_UNREACHABLE
 */
export async function chooseFrom(
  sets: readonly OpenedSet[],
  proof: Pick<AuctionProof, 'excluded' | 'draw' | 'auditHash'>,
  header: JobHeader,
  seats: SeatView,
): Promise<Choice> {
  const [primary, ...others] = sets
  if (primary === undefined) throw new DuckMeshError('MATCH_INVALID', 'There is no match.')
  const { mode, replicas } = header.order.order
  const base = { sets: [primary, ...others] as const, excluded: proof.excluded, replicas }
  if (mode !== MODE_REDUNDANT) return chooseAuction(base)
  const draw = checkedDraw(proof, header)
  return chooseAuction({
    ...base,
    draw: await memberDraw(draw, sets, primary.match, header, seats),
  })
}

function checkShape({ ruleVersion, sets }: AuctionProof, { turnClock }: SeatView): void {
  if (ruleVersion !== RULE_VERSION) {
    throw new DuckMeshError('NOT_SUPPORTED', `Score rule version ${ruleVersion}.`)
  }
  const seats = new Set(sets.map(({ match }) => match.match.seat))
  if (seats.size !== sets.length) {
    throw new DuckMeshError('MATCH_INVALID', 'One seat has two matches in the proof.')
  }
  const [first, second] = sets.map(({ match }) => match.match)
  if (first === undefined || second === undefined) return
  if (!areNeighbours(turnClock, first, second)) {
    throw new DuckMeshError('MATCH_INVALID', 'The matches are of distant turns.')
  }
}

async function checkReplySecret(
  header: JobHeader,
  replySecret: Hex,
  { replyKeys }: AuctionComponents,
): Promise<void> {
  const publicKey = await replyKeys.publicKeyOf(replySecret).catch(() => undefined)
  if (publicKey === header.replyKey) return
  throw new DuckMeshError('BID_INVALID', 'The secret that opens the bids is of another key.')
}

/** The draw secret, checked against what the order committed to before there were bids (K-65). */
function checkedDraw(proof: Pick<AuctionProof, 'draw' | 'auditHash'>, header: JobHeader): Hex {
  const { draw, auditHash } = proof
  if (draw === undefined || auditHash === undefined) {
    throw new DuckMeshError('CHOICE_WRONG', 'The draw of the members is not shown.')
  }
  const hash = keccak_256(concatBytes(keccak_256(hexToBytes(draw)), hexToBytes(auditHash)))
  if (bytesToHex(hash) !== header.order.order.secretHash) {
    throw new DuckMeshError('CHOICE_WRONG', 'The order committed to another draw.')
  }
  return draw
}

async function memberDraw(
  draw: Hex,
  sets: readonly OpenedSet[],
  { epoch }: Match,
  header: JobHeader,
  view: SeatView,
): Promise<MemberDraw> {
  const providers = [...new Set(sets.flatMap(({ bids }) => bids.map((bid) => bid.provider)))]
  const weighed = providers.map(async (one) => [one, await view.weight(one, epoch)] as const)
  const weights = new Map(await Promise.all(weighed))
  const seed = await view.seed(epoch)
  return { draw, seed, shard: shardOf(header.order.order.modelId), weights }
}
