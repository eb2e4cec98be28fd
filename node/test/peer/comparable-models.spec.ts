import { MODE_REDUNDANT, MODE_REFERENCE } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import { demandComparable } from '../../src/peer/comparable-models.ts'
import { hexOfDigit } from '../storage/rows.ts'

describe('demandComparable', () => {
  const [opaque, exact, unknown] = (['1', '2', '3'] as const).map((digit) => hexOfDigit(digit, 32))
  const models = [
    { modelId: opaque!, determinism: 'opaque' as const },
    { modelId: exact!, determinism: 'f32' as const },
  ]

  it('refuses redundant jobs of a model that is opaque here', () => {
    const demand = (): void => {
      demandComparable({ mode: MODE_REDUNDANT, modelId: opaque! }, models)
    }
    expect(demand).to.throw().with.property('code', 'NOT_SUPPORTED')
  })

  it('lets everything else pass, also what others have to refuse', () => {
    demandComparable({ mode: MODE_REFERENCE, modelId: opaque! }, models)
    demandComparable({ mode: MODE_REDUNDANT, modelId: exact! }, models)
    demandComparable({ mode: MODE_REDUNDANT, modelId: unknown! }, models)
  })
})
