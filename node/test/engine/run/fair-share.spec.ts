/** Tests: FairShare and RowPicker. */
import { expect } from 'chai'
import { FairShare } from '../../../src/engine/run/fair-share.ts'
import { MAX_ROWS, QUANTUM_TICKS, RowPicker } from '../../../src/engine/run/row-picker.ts'

describe('engine/run/fair-share', () => {
  it('lifts who comes back to the least of those present, and never lowers anybody', () => {
    const share = new FairShare()
    share.charge('a', 100)
    share.charge('b', 300)
    share.enter('new', ['a', 'b'])
    expect(share.served('new')).to.equal(100)
    share.enter('b', ['a'])
    expect(share.served('b')).to.equal(300)
    share.enter('alone', [])
    expect(share.served('alone')).to.equal(0)
  })

  it('forgets clients that were served least when there are too many', () => {
    const share = new FairShare()
    share.charge('busy', 50)
    for (let i = 0; i < 5000; i++) share.enter(`client ${i}`, ['busy'])
    share.charge('heavy', 900)
    share.enter('last', ['busy'])
    expect(share.served('heavy')).to.equal(900)
    expect(share.served('client 1')).to.equal(0)
  })
})

describe('engine/run/row-picker', () => {
  const rows = (client: string, count: number): { client: string; id: number }[] =>
    Array.from({ length: count }, (_, id) => ({ client, id }))

  it('takes all rows while they fit', () => {
    const all = rows('a', MAX_ROWS)
    expect(new RowPicker(new FairShare()).pick(all)).to.deep.equal(all)
  })

  it('gives the one row of a modest client a place at once, and the rest to the other', () => {
    const all = [...rows('a', 2 * MAX_ROWS), ...rows('b', 1)]
    const picked = new RowPicker(new FairShare()).pick(all)
    expect(picked.length).to.equal(MAX_ROWS)
    expect(picked.filter(({ client }) => client === 'b').length).to.equal(1)
  })

  it('keeps a choice for a while, then takes those who waited', () => {
    const picker = new RowPicker(new FairShare())
    const all = rows('a', 2 * MAX_ROWS)
    const first = picker.pick(all)
    for (let tick = 1; tick < QUANTUM_TICKS; tick++) {
      expect(picker.pick([...all].reverse())).to.deep.equal(first)
    }
    const waited = all.filter((row) => !first.includes(row))
    expect(picker.pick([...waited, ...first])).to.deep.equal(waited)
  })

  it('chooses anew as soon as one of the chosen is gone', () => {
    const picker = new RowPicker(new FairShare())
    const all = rows('a', 2 * MAX_ROWS)
    const [gone, ...rest] = picker.pick(all)
    const next = picker.pick(all.filter((row) => row !== gone))
    expect(next.length).to.equal(MAX_ROWS)
    expect(next).to.include.members(rest)
  })
})
