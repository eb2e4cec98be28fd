import { expect } from 'chai'
import { chooseText, idsAgree } from '../../src/dispatch/member-verdict.ts'

const says = (text: string, ...ids: number[]): { ids: number[]; text: string } => ({ ids, text })

describe('the verdict over revealed answers', () => {
  it('agrees on equal ids only, whatever the text', () => {
    expect(idsAgree([says('a', 1, 2), says('b', 1, 2), says('a', 1, 2)])).to.equal(true)
    expect(idsAgree([says('a', 1, 2), says('a', 1, 3)])).to.equal(false)
    expect(idsAgree([says('a', 1, 2), says('a', 1)])).to.equal(false)
    expect(idsAgree([says('a', 1), says('a', 1, 2)])).to.equal(false)
    expect(idsAgree([says('a')])).to.equal(true)
  })

  it('takes the text of most, on a tie of the first', () => {
    const [one, two, three] = [says('lie', 1), says('truth', 1), says('truth', 1)]
    expect(chooseText([one, two, three])).to.equal(two)
    expect(chooseText([one, two])).to.equal(one)
    expect(chooseText([one])).to.equal(one)
  })
})
