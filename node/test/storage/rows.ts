import type { NewSegment } from '@duckmesh/protocols/dispatch'
import type { ChannelRow } from '@duckmesh/protocols/settlement'
import type { Hex } from 'viem'

/** A hex string of `bytes` bytes that repeats the digit. */
export function hexOfDigit(digit: string, bytes: number): Hex {
  return `0x${digit.repeat(2 * bytes)}`
}

export const PAYER: Hex = hexOfDigit('a', 20)
export const PROVIDER: Hex = hexOfDigit('b', 20)

export function newSegment(over: Partial<NewSegment> = {}): NewSegment {
  return {
    jobId: hexOfDigit('1', 32),
    segment: 0,
    payer: PAYER,
    provider: PROVIDER,
    state: 'awarded',
    atMs: 1_000,
    terms: '{"priceIn":"1"}',
    ...over,
  }
}

export function channelRow(over: Partial<ChannelRow> = {}): ChannelRow {
  return {
    payer: PAYER,
    provider: PROVIDER,
    paid: 0n,
    settled: 0n,
    open: [],
    redeemed: 0n,
    ...over,
  }
}
