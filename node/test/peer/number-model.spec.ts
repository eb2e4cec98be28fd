import { limits } from '@duckmesh/protocols'
import { expect } from 'chai'
import { isOfferable, numberModel } from '../../src/peer/number-model.ts'

const classes = (labels: string[], width = labels.length) =>
  numberModel({ task: 'classification', labels, width })

describe('numberModel', () => {
  it('tells task, width and labels, and nothing of a model that chats', () => {
    expect(numberModel({ task: 'embeddings', width: 384 })).to.deep.equal({
      task: 'embed',
      width: 384,
      labels: [],
    })
    const labels = ['sad', 'glad']
    expect(classes(labels)).to.deep.equal({ task: 'classify', width: 2, labels })
    expect(numberModel({ task: 'text-generation' })).to.equal(undefined)
  })

  it('leaves labels out that an offer does not take', () => {
    const long = 'x'.repeat(limits.MAX_LABEL_BYTES)
    expect(classes([long, 'a'])?.labels).to.deep.equal([long, 'a'])
    const bad = [
      ['x'.repeat(limits.MAX_LABEL_BYTES + 1), 'a'],
      ['', 'a'],
      ['a\ud800', 'b'],
      Array.from({ length: limits.MAX_LABELS + 1 }, (_, n) => `class ${n}`),
      Array.from({ length: 20 }, () => long),
    ]
    for (const labels of bad) expect(classes(labels)?.labels).to.deep.equal([])
    expect(classes(['a'], 2)?.labels).to.deep.equal([])
  })

  it('offers no model whose numbers the wire cannot count', () => {
    const offerable = (width: number) => isOfferable({ task: 'embeddings', width })
    expect([1, limits.MAX_NUMBERS_WIDTH].map(offerable)).to.deep.equal([true, true])
    expect([0, limits.MAX_NUMBERS_WIDTH + 1].map(offerable)).to.deep.equal([false, false])
    expect(isOfferable({ task: 'text-generation' })).to.equal(true)
  })
})
