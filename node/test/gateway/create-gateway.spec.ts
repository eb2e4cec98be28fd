import { expect } from 'chai'
import { createGateway } from '../../src/gateway/create-gateway.ts'
import { rejection } from '../reject.ts'
import { CHAT, FakeGateway, NOW_MS, post, textOf } from './fake-gateway.ts'
import { ScriptedJob } from './scripted-job.ts'

describe('createGateway', () => {
  it('refuses an address that others can reach, before it listens', async () => {
    const { components } = new FakeGateway()
    const error = await rejection(createGateway(components, { host: '0.0.0.0', port: 0 }))
    expect(error.code).to.equal('CONFIG_INVALID')
  })

  it('says which port is in use', async () => {
    const gateway = new FakeGateway()
    const { stop, url } = await gateway.listen()
    try {
      const port = Number(new URL(url).port)
      const again = createGateway(gateway.components, { host: '127.0.0.1', port })
      const { code, message } = await rejection(again)
      expect(code).to.equal('PORT_IN_USE')
      expect(message).to.contain(`127.0.0.1:${port}`)
    } finally {
      await stop()
    }
  })

  it('answers over a socket, and no more after it was stopped', async () => {
    const gateway = new FakeGateway()
    const { stop, url } = await gateway.listen()
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:[0-9]+$/)
    expect((await fetch(`${url}/livez`)).status).to.equal(200)
    await stop()
    const after = await fetch(`${url}/livez`).catch(() => 'refused')
    expect(after).to.equal('refused')
  })

  it('waits for the answer under way, refuses new ones meanwhile, and then ends at once', async () => {
    const gateway = new FakeGateway()
    const job = new ScriptedJob().say('Quack')
    gateway.client.give(job)
    const { stop, url } = await gateway.listen()
    // Undici keeps its connections open, as the clients do.
    const streaming = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...CHAT, stream: true }),
    })
    const stopped = stop()
    // What the role does next: its client cancels what runs.
    job.cancel()
    const text = await streaming.text()
    expect(text).to.contain('"code":"shutting_down"').and.contain('"paid":"3"')
    expect(text).to.not.contain('[DONE]')
    await stopped
  })

  it('tells a caller on an open connection that it stops, with a status that says when to come again', async () => {
    const gateway = new FakeGateway()
    gateway.stopping.abort()
    const { error, headers, status } = await gateway.get('/v1/models')
    expect(status).to.equal(503)
    expect(error.code).to.equal('shutting_down')
    expect(headers).to.include({ 'retry-after': '1', connection: 'close' })
  })

  it('is not held by a connection that is kept open after its answer', async () => {
    const gateway = new FakeGateway()
    gateway.client.give(new ScriptedJob().say('Quack').finish())
    const { stop, url } = await gateway.listen()
    const { response } = post(url, CHAT, { connection: 'keep-alive' })
    expect(await textOf(response)).to.contain('Quack')
    await stop()
  })
})

describe('the gateway', () => {
  it('answers strangers with 403, whatever they ask, and lets no page of theirs read it', async () => {
    const gateway = new FakeGateway()
    for (const headers of [{ host: 'rebind.example.org' }, { origin: 'https://example.org' }]) {
      const { error, headers: told, status } = await gateway.chat({}, headers)
      expect(status).to.equal(403)
      expect(error).to.include({ code: 'unauthorized', type: 'invalid_request_error' })
      expect(told).to.not.have.property('access-control-allow-origin')
      expect((await gateway.get('/livez', headers)).status).to.equal(403)
    }
    expect(gateway.client.asked).to.deep.equal([])
  })

  it('lets pages of this machine ask and read', async () => {
    const gateway = new FakeGateway()
    const origin = 'http://localhost:5173'
    const { headers, status } = await gateway.get('/v1/models', { origin })
    expect(status).to.equal(200)
    expect(headers).to.include({ 'access-control-allow-origin': origin, vary: 'origin' })
    const preflight = await gateway.ask({
      method: 'OPTIONS',
      url: '/v1/chat/completions',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
    expect(preflight.status).to.equal(204)
    expect(preflight.headers).to.include({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization,content-type',
    })
    expect(preflight.headers['access-control-allow-methods']).to.contain('POST')
    const refused = await gateway.ask({ method: 'OPTIONS', url: '/v1/models' })
    expect(refused.status).to.equal(404)
  })

  it('gives every answer an id of its own', async () => {
    const gateway = new FakeGateway()
    const ids = [await gateway.get('/livez'), await gateway.get('/nothing'), await gateway.chat()]
    const told = ids.map(({ headers }) => String(headers['x-request-id']))
    expect(new Set(told).size).to.equal(3)
    for (const id of told) expect(id).to.match(/^[0-9a-f-]{36}$/)
  })

  const unknown: ['GET' | 'POST' | 'PUT', string, string][] = [
    ['GET', '/', '/v1/chat/completions'],
    ['GET', '/v1/chat/completions', 'POST /v1/chat/completions'],
    ['PUT', '/v1/models', 'PUT /v1/models does not exist'],
    ['POST', '/v1/responses', 'createOpenAICompatible'],
    ['POST', '/v1/completions', 'use /v1/chat/completions'],
    ['GET', '/v1/embeddings', 'takes POST'],
    ['POST', '/chat/completions', 'ends in /v1'],
    ['GET', '/v1/models/a/b?x=1', 'GET /v1/models/a/b does not exist'],
  ]
  for (const [method, url, words] of unknown) {
    it(`answers ${method} ${url} with 404 as OpenAI does, and says what to use`, async () => {
      const { error, status } = await new FakeGateway().ask({ method, url, ...bodyOf(method) })
      expect(status).to.equal(404)
      expect(error).to.include({ code: 'not_found', type: 'invalid_request_error', param: null })
      expect(error.message).to.contain(words)
    })
  }

  const bodyOf = (method: string): { payload?: object } => (method === 'GET' ? {} : { payload: {} })

  describe('bodies', () => {
    const send = (payload: string, type?: string) =>
      new FakeGateway().ask({
        method: 'POST',
        url: '/v1/chat/completions',
        payload,
        headers: type === undefined ? {} : { 'content-type': type },
      })

    it('refuses what is no JSON', async () => {
      const { error, status } = await send('{"model":', 'application/json')
      expect(status).to.equal(400)
      expect(error).to.include({ code: 'spec_invalid', param: 'body' })
    })

    it('refuses an empty body, and one that would change objects', async () => {
      expect((await send('', 'application/json')).status).to.equal(400)
      expect((await send('{"__proto__":{"model":"x"}}', 'application/json')).status).to.equal(400)
    })

    it('says which header is missing: a form may come from any page', async () => {
      const { error, status } = await send(
        JSON.stringify(CHAT),
        'application/x-www-form-urlencoded',
      )
      expect(status).to.equal(415)
      expect(error.message).to.contain('content-type: application/json')
    })

    it('refuses JSON that calls itself text', async () => {
      const { error, status } = await send(JSON.stringify(CHAT), 'text/plain')
      expect(status).to.equal(400)
      expect(error.param).to.equal('body')
    })

    it('refuses a body over 1 MiB', async () => {
      const body = JSON.stringify({ ...CHAT, user: 'x'.repeat(1_048_576) })
      const { error, status } = await send(body, 'application/json')
      expect(status).to.equal(413)
      expect(error.code).to.equal('spec_invalid')
    })
  })

  describe('its health', () => {
    it('has the four fields of the founding document', async () => {
      const gateway = new FakeGateway()
      gateway.clock.advance(61_500)
      const { body, status } = await gateway.get('/health')
      expect(status).to.equal(200)
      expect(body).to.deep.equal({
        status: 'healthy',
        timestamp: new Date(NOW_MS + 61_500).toISOString(),
        version: '9.9.9',
        uptime: 61,
      })
    })

    it('is degraded and not ready when one check fails, and says which', async () => {
      const gateway = new FakeGateway()
      const bad = { name: 'peers', ok: false, detail: '0 connected' }
      gateway.checks.push(bad)
      expect((await gateway.get('/health')).body['status']).to.equal('degraded')
      const { body, status } = await gateway.get('/readyz')
      expect(status).to.equal(503)
      expect(body).to.deep.equal({ status: 'not ready', checks: gateway.checks })
      gateway.checks.pop()
      expect(await gateway.get('/readyz')).to.deep.include({
        status: 200,
        body: { status: 'ready', checks: gateway.checks },
      })
      expect((await gateway.get('/livez')).body).to.deep.equal({ status: 'alive' })
    })

    it('is not ready when the checks fail', async () => {
      const gateway = new FakeGateway()
      gateway.components.ready = () => Promise.reject(new Error('broken'))
      const { body, status } = await gateway.get('/readyz')
      expect(status).to.equal(503)
      expect(body['checks']).to.deep.equal([{ name: 'node', ok: false, detail: 'INTERNAL' }])
    })

    it("tells the node's own counts", async () => {
      const { body, headers } = await new FakeGateway().get('/stats')
      expect(body).to.deep.equal({ inFlight: 1 })
      expect(headers['content-type']).to.match(/^application\/json/)
    })

    it('logs a defect and says nothing of it', async () => {
      const gateway = new FakeGateway()
      gateway.components.stats = () => Promise.reject(new Error('secret'))
      const { error, headers, status } = await gateway.get('/stats')
      expect(status).to.equal(500)
      expect(error).to.include({ code: 'internal' })
      expect(error.message).to.not.contain('secret')
      const [logged] = gateway.logger.of('gateway.failed')
      expect(logged).to.include({
        requestId: headers['x-request-id'],
        method: 'GET',
        url: '/stats',
      })
    })
  })
})
