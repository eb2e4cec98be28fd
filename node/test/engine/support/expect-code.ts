import { expect } from 'chai'
import { EngineError } from '../../../src/engine/index.ts'

/** Expects a call to fail with an EngineError of this code; gives the error for closer looks. */
export async function expectCode(code: string, call: () => unknown): Promise<EngineError> {
  let thrown: unknown = null
  try {
    await call()
  } catch (error) {
    thrown = error
  }
  expect(thrown).to.be.instanceOf(EngineError)
  const error = thrown as EngineError
  expect(error.code).to.equal(code)
  expect(error.message).to.match(/\.$/)
  return error
}
