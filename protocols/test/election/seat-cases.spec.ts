/** Whole draws, which forge computes with the contract's scores and compares with the same file. */
import { expect } from 'chai'
import { readSeatVectors, seatVectors } from './seat-cases.ts'
import type { SeatVectors } from './seat-cases.ts'

describe('vectors/seats.json', () => {
  it('has a hash for each thousand of 10 000 draws, all as drawSeats says', () => {
    expect((JSON.parse(readSeatVectors()) as SeatVectors).hashes).to.have.length(10)
    expect(seatVectors()).to.equal(readSeatVectors())
  }).timeout(60_000)
})
