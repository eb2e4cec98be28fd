import { expect } from 'chai'
import { identityOf } from '@duckmesh/sdk'
import type { NetworkFile } from '@duckmesh/node'
import { capsFrameCodec, jobFrameCodec } from '@duckmesh/protocols'
import { BindingBook, CAPS_PROTOCOL, JOB_PROTOCOL, buildHello } from '@duckmesh/protocols/mesh'
import { openSession, signClientBinding } from '@duckmesh/protocols/mesh'
import { account } from '../src/chain/accounts.ts'
import { codeOf } from './support/code-of.ts'
import { SEALING, addressOf, inSeconds } from './support/raw-client.ts'
import { RawPeer, nextFrame, signerOf, stopPeers } from './support/raw-peer.ts'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TestNet, stopNets } from './support/devnets.ts'
import {
  expectGone,
  isRunning,
  killAll,
  listeningPorts,
  parentOf,
  processTree,
} from './support/processes.ts'
import { duckmesh } from './support/run.ts'

function bindingOf({ network, peerKey }: RawPeer): ReturnType<typeof signClientBinding> {
  return signClientBinding(
    { peerKey, expiry: inSeconds(3_600) },
    { network, signer: signerOf(account(8)) },
  )
}

describe('two local networks beside each other', function () {
  this.timeout(180_000)
  let one: TestNet
  let two: TestNet

  before(async () => {
    ;[one, two] = await Promise.all([TestNet.start(), TestNet.start()])
  })
  after(async () => {
    await stopPeers()
    await stopNets()
  })

  it('have chains, contracts, peers and ports of their own', () => {
    expect(one.net.network.chainId).to.not.equal(two.net.network.chainId)
    expect(one.net.network.rpcUrl).to.not.equal(two.net.network.rpcUrl)
    expect(one.net.network.seeds).to.not.deep.equal(two.net.network.seeds)
    const ports = [one, two].map(({ net }) =>
      listeningPorts(net.children.flatMap(({ pid }) => pid ?? [])),
    )
    expect(new Set(ports.flat()).size).to.equal(ports.flat().length)
  })

  it('both run and redeem jobs at the same time', async () => {
    const jobs = await Promise.all([one.job(), two.job(), one.job(), two.job()])
    for (const { states } of jobs) expect(states.at(-1)?.state).to.equal('finalized')
    const [first, second] = await Promise.all([one.settle(), two.settle()])
    expect(first.txs).to.have.length(1)
    expect(second.txs).to.have.length(1)
    expect((await one.channel()).redeemed).to.equal(one.told().cumulative)
    expect((await two.channel()).redeemed).to.equal(two.told().cumulative)
  })

  it('refuse a client of the other one: it finds no offers there and pays nothing', async () => {
    const { folder, network } = one.net
    const file = JSON.parse(await readFile(join(folder, 'network.json'), 'utf8')) as NetworkFile
    const path = join(folder, 'crossed.json')
    const crossed = { ...file, network: { ...network, seeds: two.net.network.seeds } }
    await writeFile(path, JSON.stringify(crossed))
    const { code, stderr } = await duckmesh(['--json', 'chat', 'Hello', '--network', path])
    expect(JSON.parse(stderr)).to.have.nested.property('error.code', 'PROVIDER_UNAVAILABLE')
    expect(code).to.equal(75)
  })

  it('know each other as strangers when dialled: WRONG_NETWORK on both sides', async () => {
    const peer = await RawPeer.start(one.net.network)
    const address = addressOf(two.net.provider.child.lastReady?.['addresses'])
    const frames = await peer.openFrames(address, JOB_PROTOCOL, jobFrameCodec)
    const client = await bindingOf(peer)
    await frames.send({ kind: 'hello', hello: buildHello(peer.network, { client }) })
    const answer = await nextFrame(frames)
    expect(answer, 'it shows its network and nothing else').to.deep.equal({
      kind: 'hello',
      hello: buildHello(identityOf(two.net.network), {}),
    })
    expect(await nextFrame(frames), 'and hangs up').to.equal(undefined)
    // A caps stream needs no binding: said to be of the other network, ours gets an answer and refuses it.
    const caps = await peer.openFrames(address, CAPS_PROTOCOL, capsFrameCodec)
    const { clock, network } = peer
    const rules = { clock, network, bindings: new BindingBook({ network, clock, crypto: SEALING }) }
    const theirs = buildHello(identityOf(two.net.network), {})
    expect(await codeOf(openSession(caps, theirs, rules, { expect: 'peer' }))).to.equal(
      'WRONG_NETWORK',
    )
  })

  it('end apart: when the keeper of one chain is killed its anvil ends, the other network goes on', async () => {
    const keeper = one.net.chain.child.pid ?? 0
    const anvil = one.net.chain.pid
    expect(parentOf(anvil)).to.equal(keeper)
    expect(processTree(keeper)).to.deep.equal([keeper, anvil])
    killAll([keeper])
    await expectGone([keeper, anvil], listeningPorts([anvil]))
    expect((await two.job()).states.at(-1)?.state).to.equal('finalized')
    for (const { pid } of two.net.children) expect(isRunning(pid ?? 0)).to.equal(true)
  })

  it('says CHAIN_UNREACHABLE on the network whose chain is gone, and its processes still end', async () => {
    const path = join(one.net.folder, 'network.json')
    const { code, stderr } = await duckmesh(['--json', 'chat', 'Hello', '--network', path])
    expect(JSON.parse(stderr)).to.have.nested.property('error.code', 'CHAIN_UNREACHABLE')
    expect(code).to.equal(69)
    const pids = one.net.children.flatMap(({ pid }) => pid ?? [])
    const ports = listeningPorts(pids)
    await one.stop()
    await expectGone(pids, ports)
  })
})
