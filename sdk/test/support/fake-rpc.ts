/** A chain as a client sees it: JSON-RPC over HTTP, answering reads of the contracts from memory. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LOCAL_DURATIONS, duckTokenAbi, jobMarketAbi } from '@duckmesh/contracts'
import { providerRegistryAbi } from '@duckmesh/contracts'
import type { Hex } from '@duckmesh/protocols'
import type { ChainChannel, ChainService } from '@duckmesh/protocols/settlement'
import { decodeFunctionData, encodeFunctionResult, numberToHex, zeroAddress } from 'viem'
import type { Abi } from 'viem'
import type { NetworkConfig } from '../../src/network.ts'
import { address, bytes32 } from './offers.ts'

const ABI: Abi = [...duckTokenAbi, ...providerRegistryAbi, ...jobMarketAbi]

export const REGISTRY = address(0xa1)
export const MARKET = address(0xa2)
export const TOKEN = address(0xa3)

interface Call {
  id: number
  method: string
  params: unknown[]
}

export class FakeRpc {
  chainId = 31_337
  /** Addresses with code. */
  contracts: Hex[] = [REGISTRY, MARKET, TOKEN]
  /** Owner by operator. */
  readonly operators = new Map<Hex, Hex>()
  /** Owners whose stake is below the minimum. */
  readonly inactive = new Set<Hex>()
  /** By `payer:provider`. */
  readonly channels = new Map<string, ChainChannel>()
  /** Service allotments by payer; what a provider redeemed of one is that of all. */
  readonly services = new Map<Hex, ChainService>()
  /** Weights by `owner:epoch`; the seed of an epoch repeats its number. */
  readonly weights = new Map<string, bigint>()
  readonly wallets = new Map<Hex, bigint>()
  readonly escrows = new Map<Hex, { free: bigint; thawing: bigint }>()
  /** While true every call fails. */
  broken = false
  /** Methods and functions that were called. */
  readonly calls: string[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then((body) => {
        response.writeHead(this.broken ? 500 : 200, { 'content-type': 'application/json' })
        response.end(body)
      })
    })
  }

  static async start(): Promise<FakeRpc> {
    const rpc = new FakeRpc()
    await new Promise<void>((resolve) => rpc.#server.listen(0, '127.0.0.1', resolve))
    return rpc
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  network(over: Partial<NetworkConfig> = {}): NetworkConfig {
    const addresses = { registry: REGISTRY, market: MARKET, token: TOKEN }
    return { chainId: 31_337, rpcUrl: this.url, ...addresses, seeds: [], local: true, ...over }
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve()
      })
    })
  }

  async #answer(request: IncomingMessage): Promise<string> {
    let text = ''
    for await (const part of request) text += String(part)
    const { id, method, params } = JSON.parse(text) as Call
    return JSON.stringify({ jsonrpc: '2.0', id, result: this.#result(method, params) })
  }

  #result(method: string, params: unknown[]): unknown {
    if (method !== 'eth_call') this.calls.push(method)
    if (method === 'eth_chainId') return numberToHex(this.chainId)
    if (method === 'eth_getCode')
      return this.contracts.includes(String(params[0]).toLowerCase() as Hex) ? '0x60' : '0x'
    if (method === 'eth_call') return this.#read((params[0] as { data: Hex }).data)
    throw new Error(`not expected: ${method}`)
  }

  #read(data: Hex): Hex {
    const { args = [], functionName } = decodeFunctionData({ abi: ABI, data })
    this.calls.push(functionName)
    const lower = args.map((arg) => String(arg).toLowerCase() as Hex)
    return encodeFunctionResult({
      abi: ABI,
      functionName,
      result: this.#value(functionName, lower),
    })
  }

  #value(name: string, [a = '0x', b = '0x']: Hex[]): unknown {
    const channel = this.channels.get(`${a}:${b}`)
    const escrow = this.escrows.get(a)
    const service = this.services.get(a)
    switch (name) {
      case 'registry':
        return REGISTRY
      case 'providerOf':
        return this.operators.get(a) ?? zeroAddress
      case 'providers':
        return this.#provider(a)
      case 'channels':
        return [channel?.allotted ?? 0n, channel?.redeemed ?? 0n, channel?.thawing ?? 0n, 0n]
      case 'accounts':
        return [escrow?.free ?? 0n, escrow?.thawing ?? 0n, 0n]
      case 'service':
        return [service?.allotted ?? 0n, service?.redeemed ?? 0n, service?.thawing ?? 0n, 0n]
      case 'redeemedService':
        return service?.redeemedBy ?? 0n
      case 'durations':
        return LOCAL_DURATIONS
      case 'seedOf':
        return bytes32(Number(a))
      case 'weightAt':
        return this.weights.get(`${a}:${b}`) ?? 0n
      case 'balanceOf':
        return this.wallets.get(a) ?? 0n
      default:
        throw new Error(`not expected: ${name}`)
    }
  }

  #provider(owner: Hex): unknown {
    const operator = [...this.operators].find(([, of]) => of === owner)?.[0] ?? zeroAddress
    const isActive = !this.inactive.has(owner)
    const amounts = { stake: 0n, thawing: 0n, thawEnd: 0n, since: 0n }
    return { owner, operator, peerKey: bytes32(1), ...amounts, isActive }
  }
}
