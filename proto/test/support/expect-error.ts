import { expect } from 'chai'
import { ProtoError } from '../../src/errors.ts'
import type { ProtoErrorCode } from '../../src/errors.ts'

/** Runs `action` and returns the ProtoError it must throw. */
export function protoErrorOf(action: () => unknown): ProtoError {
  try {
    action()
  } catch (error) {
    expect(error).to.be.instanceOf(ProtoError)
    return error as ProtoError
  }
  return expect.fail('nothing was thrown')
}

export function expectProtoError(
  action: () => unknown,
  code: ProtoErrorCode,
  field?: string,
): void {
  const error = protoErrorOf(action)
  expect(error.code).to.equal(code)
  if (field !== undefined) expect(error.field).to.equal(field)
  expect(error.message).to.contain(error.field)
}
