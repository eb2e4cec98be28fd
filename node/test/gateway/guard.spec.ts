import { expect } from 'chai'
import { checkBind, isLocalCaller } from '../../src/gateway/guard.ts'
import { refusal } from '../reject.ts'

describe('checkBind', () => {
  for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost']) {
    it(`takes ${host}`, () => {
      expect(() => {
        checkBind(host)
      }).to.not.throw()
    })
  }

  const open = [
    '0.0.0.0',
    '::',
    '192.168.1.7',
    '127.0.0.1.example.org',
    'example.org',
    '',
    '::ffff:127.0.0.1',
  ]
  for (const host of open) {
    it(`refuses ${host || 'nothing'} and names the option`, () => {
      const error = refusal(() => {
        checkBind(host)
      })
      expect(error.code).to.equal('CONFIG_INVALID')
      expect(error.details).to.deep.equal({ option: 'gateway.host' })
    })
  }
})

describe('isLocalCaller', () => {
  const cases: [boolean, Record<string, string>][] = [
    [true, { host: '127.0.0.1:3828' }],
    [true, { host: '127.0.0.1' }],
    [true, { host: 'localhost:3828' }],
    [true, { host: 'LOCALHOST' }],
    [true, { host: '[::1]:3828' }],
    [true, { host: '127.1.2.3:1' }],
    [true, { host: 'localhost', origin: 'http://localhost:5173' }],
    [true, { host: '127.0.0.1:3828', origin: 'https://127.0.0.1' }],
    [false, {}],
    [false, { host: '' }],
    // A name of somebody that points at 127.0.0.1 now.
    [false, { host: 'rebind.example.org:3828' }],
    [false, { host: 'localhost.example.org' }],
    [false, { host: '127.0.0.1.example.org' }],
    [false, { host: '127.example.org' }],
    [false, { host: '192.168.1.7:3828' }],
    [false, { host: '0.0.0.0:3828' }],
    [false, { host: 'example.org/@localhost' }],
    // A page of somebody else that knows the port.
    [false, { host: '127.0.0.1:3828', origin: 'https://example.org' }],
    [false, { host: '127.0.0.1:3828', origin: 'http://localhost.example.org' }],
    // A page without an origin: a file, or a frame in a sandbox.
    [false, { host: '127.0.0.1:3828', origin: 'null' }],
    [false, { host: '127.0.0.1:3828', origin: 'file://' }],
  ]
  for (const [local, headers] of cases) {
    it(`${local ? 'takes' : 'refuses'} ${JSON.stringify(headers)}`, () => {
      expect(isLocalCaller({ headers })).to.equal(local)
    })
  }
})
