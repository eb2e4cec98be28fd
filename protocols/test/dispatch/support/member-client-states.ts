/** The client's states of a member, one after the other, and receipts as an honest member makes them. */
import { hexToBytes, tokenHash } from '@duckmesh/proto'
import type { Hex, Receipt } from '@duckmesh/proto'
import type { ClientEvent } from '../../../src/dispatch/index.ts'
import { startMemberClient, stepMemberClient } from '../../../src/dispatch/member-client-machine.ts'
import type { MemberSegment } from '../../../src/dispatch/member-client-machine.ts'
import { receiptOf } from '../../../src/dispatch/progress.ts'
import { FACTS, NOW } from '../../support/machine-fixtures.ts'

export const SALT: Hex = `0x${'5a'.repeat(32)}`

export const ids: number[] = Array.from({ length: 160 }, (_, index) => 500 + index)

/** The receipt that an honest member makes here for `tokensOut` more tokens. */
export function receiptFor({ progress }: MemberSegment, tokensOut: number, last: boolean): Receipt {
  const upTo = ids.slice(0, progress.receiptedOut + tokensOut)
  const tokensRoot = tokenHash(upTo, hexToBytes(SALT, 32))
  return receiptOf(FACTS, progress, { tokensIn: 10, tokensOut, tokensRoot, last })
}

export function receiptEvent(receipt: Receipt): ClientEvent {
  return { type: 'receipt', receipt, signed: true, finishReason: receipt.last ? 'length' : '' }
}

export function feed(state: MemberSegment, ...events: ClientEvent[]): MemberSegment {
  return events.reduce((now, event) => stepMemberClient(now, event, NOW).state, state)
}

/** Takes a receipt and pays what the machine asks for. */
export function paidStep(state: MemberSegment): MemberSegment {
  const taken = feed(state, receiptEvent(receiptFor(state, 64, false)))
  return feed(taken, { type: 'paid', amount: taken.progress.due - taken.progress.prepaid })
}

export const cancel: ClientEvent = { type: 'cancel' }
export const release: ClientEvent = { type: 'release' }
export const posted: MemberSegment = startMemberClient(FACTS, NOW)
export const awarded: MemberSegment = feed(posted, { type: 'award', prepaid: 0n })
export const accepted: MemberSegment = feed(awarded, { type: 'accept', valid: true })
export const running: MemberSegment = paidStep(accepted)
export const unpaid: MemberSegment = feed(running, receiptEvent(receiptFor(running, 64, false)))
export const second: MemberSegment = paidStep(running)
export const completed: MemberSegment = feed(second, receiptEvent(receiptFor(second, 32, true)))
export const releasing: MemberSegment = feed(completed, release)
export const owed: bigint = completed.progress.due - completed.progress.prepaid
export const released: MemberSegment = feed(releasing, { type: 'paid', amount: owed })
export const stopping: MemberSegment = feed(running, cancel)
