import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'

/** The DuckMeshError that a promise rejects with; fails when it resolves or rejects with something else. */
export async function rejection(promise: Promise<unknown>): Promise<DuckMeshError> {
  try {
    await promise
  } catch (error) {
    expect(error).to.be.instanceOf(DuckMeshError)
    return error as DuckMeshError
  }
  return expect.fail('the promise resolved')
}

/** The DuckMeshError that a call throws. */
export function refusal(call: () => unknown): DuckMeshError {
  try {
    call()
  } catch (error) {
    expect(error).to.be.instanceOf(DuckMeshError)
    return error as DuckMeshError
  }
  return expect.fail('the call returned')
}
