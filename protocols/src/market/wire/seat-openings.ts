/** A seat takes the openings of a job that it matched (K-80): the choice is right, the fee is there, all may look. */
import { marketFrameCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import { recoverStruct } from '../../signed-struct.ts'
import { checkWinners } from '../auction/check-winners.ts'
import { AUCTION_KEPT_MS, MAX_KEPT_AUCTIONS } from '../constants.ts'
import { recomputeChoice } from '../auction/recompute-choice.ts'
import { seatFee } from '../auction/seat-fee.ts'
import { headerIn, seatRecordKey } from '../auction/seat-record.ts'
import { ExpiringMap } from '../expiring-map.ts'
import type { SeatRecord } from '../auction/seat-record.ts'
import type { SeatDeskComponents } from './seat-components.ts'
import type { Hex, JobHeader, Openings } from '@duckmesh/proto'

export class SeatOpenings {
  readonly #components: SeatDeskComponents
  /** Openings taken lately: sent again they change nothing. */
  readonly #taken = new ExpiringMap<string, true>(MAX_KEPT_AUCTIONS)

  constructor(components: SeatDeskComponents) {
    this.#components = components
  }

  /**
   * @param payer whom the client's stream speaks for
   * @throws DuckMeshError JOB_UNKNOWN, BINDING_MISMATCH, MATCH_INVALID, CHOICE_WRONG, SEAT_FEE_DUE, VOUCHER_INVALID,
   *   ALLOTMENT_EXCEEDED, or as `recomputeChoice`
   */
  async take(openings: Openings, record: SeatRecord, payer: Hex): Promise<void> {
    const { clock } = this.#components
    const key = seatRecordKey(openings)
    if (this.#taken.get(key, clock.now()) !== undefined) return
    const header = headerIn(record.envelope)
    const { match } = record
    if (match === undefined) throw new DuckMeshError('JOB_UNKNOWN', 'No match was made here.')
    if (header.order.order.payer !== payer) {
      throw new DuckMeshError('BINDING_MISMATCH', 'The job is of another payer.')
    }
    await this.#checkChoice(openings, header)
    await this.#takeFee(openings, payer)
    this.#taken.set(key, true, clock.now() + AUCTION_KEPT_MS)
    for (const { provider } of match.set.bids) this.#components.forward(provider, openings)
  }

  /** A wrong choice is kept: the client's order and the proof in the openings show it. */
  async #checkChoice(openings: Openings, header: JobHeader): Promise<void> {
    const { evidence, view: seats } = this.#components
    const { jobId, proof, winners } = openings
    const components = { ...this.#components, seats }
    try {
      checkWinners(await recomputeChoice({ header, jobId, proof }, components), winners)
    } catch (error) {
      if (error instanceof DuckMeshError && error.code === 'CHOICE_WRONG') {
        const bytes = marketFrameCodec.encode({ kind: 'openings', openings })
        await evidence.keep('CHOICE_WRONG', [bytes])
      }
      throw error
    }
  }

  /** Only the primary seat is paid; one whose match came too late and is not shown learns that it was not used. */
  async #takeFee({ proof, paid, fee }: Openings, payer: Hex): Promise<void> {
    const { provider, fees, crypto, network } = this.#components
    const due = seatFee(paid)
    if (due === 0n || proof.sets[0]?.match.match.seat !== provider) return
    if (fee === undefined) {
      throw new DuckMeshError('SEAT_FEE_DUE', 'The openings come without the fee.', {
        details: { due },
      })
    }
    const { voucher, signature } = fee
    const signed = recoverStruct(crypto, network, 'ServiceVoucher', voucher, signature)
    if (voucher.payer !== payer || voucher.provider !== provider || signed !== payer) {
      throw new DuckMeshError(
        'VOUCHER_INVALID',
        'The fee is not signed by the payer for this seat.',
      )
    }
    await fees.raise(fee, due)
  }
}
