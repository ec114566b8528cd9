import type { CID } from 'multiformats/cid'
import type { AskedEndpoint, Wanted } from '../proof.ts'
import { type Block, inlineBlock } from './block.ts'
import type { BlockSource, Surroundings } from './block-source.ts'
import { CarBlocks } from './car-blocks.ts'
import { CarStream } from './car-stream.ts'
import { canonicalCid } from './cid.ts'
import { RawBlocks } from './raw-blocks.ts'
import { abandon, mediaType, refusal } from './refusal.ts'

const CAR_TYPE = 'application/vnd.ipld.car'

/** Statuses of gateways that offer no CAR, or not in this order. */
const NO_CAR: readonly number[] = [400, 405, 406, 415, 501]

/** What a CAR is asked for: everything on the way from a CID along some names, and the entity at its end. */
export interface Entity {
  readonly cid: CID
  readonly segments: readonly string[]
  readonly wanted: Wanted
}

/** An endpoint and what a proof remembers of it. */
export interface Asked {
  readonly upstream: AskedEndpoint
  /** Keys of the endpoints that have shown that they send no CAR. */
  readonly withoutCar: Set<string>
}

/** The blocks of an entity at one endpoint: in bulk as a CAR, and one by one what that lacks. */
export class EndpointBlocks implements BlockSource {
  readonly #car: CarBlocks | null
  readonly #raw: RawBlocks

  private constructor(upstream: AskedEndpoint, car: CarBlocks | null) {
    this.#raw = new RawBlocks(upstream)
    this.#car = car
  }

  /** Asks for the CAR. Where the endpoint has none, nothing more is asked yet. */
  static async open(asked: Asked, entity: Entity): Promise<EndpointBlocks> {
    const { upstream, withoutCar } = asked
    const car = withoutCar.has(upstream.key) ? null : await openCar(asked, entity)
    return new EndpointBlocks(upstream, car)
  }

  /** Whether what comes next comes out of the CAR. */
  get streams(): boolean {
    return this.#car !== null && !this.#car.over
  }

  async take(cid: CID, around?: Surroundings): Promise<Block> {
    const inline = inlineBlock(cid)
    if (inline !== null) return inline
    const block = this.streams ? await this.#car!.take(cid, around) : null
    return block ?? this.#raw.take(cid, this.streams ? undefined : around)
  }

  finish(): void {
    if (this.streams) this.#car?.finish()
    this.#raw.finish()
  }

  cancel(): void {
    if (this.streams) this.#car?.cancel()
    this.#raw.cancel()
  }
}

async function openCar({ upstream, withoutCar }: Asked, entity: Entity): Promise<CarBlocks | null> {
  const accept = `${CAR_TYPE}; version=1; order=dfs; dups=y`
  const reply = await upstream.ask({ path: carPath(entity), accept })
  const { type, parameters } = mediaType(reply.header('content-type'))
  if (reply.status === 200 && type === CAR_TYPE && parameters.has('order=dfs')) {
    const dups = parameters.has('dups=y')
    // What comes only once is kept for when it is wanted again.
    const spend = dups ? reply.spend?.bind(reply) : undefined
    return new CarBlocks(new CarStream(reply.body, spend), dups)
  }
  abandon(reply)
  // A 404 may be an honest one: then the blocks of the path show that there is no such name.
  if (reply.status === 404) return null
  if (reply.status !== 200 && !NO_CAR.includes(reply.status)) throw refusal(reply)
  withoutCar.add(upstream.key)
  return null
}

/** https://specs.ipfs.tech/http-gateways/trustless-gateway/: parameters and the Accept field say the same. */
function carPath({ cid, segments, wanted }: Entity): string {
  const path = [canonicalCid(cid), ...segments.map(encodeURIComponent)].join('/')
  return `/ipfs/${path}?format=car&dag-scope=entity&car-order=dfs&car-dups=y${entityBytes(wanted)}`
}

function entityBytes(wanted: Wanted): string {
  if (wanted === 'none') return '&entity-bytes=0:0'
  if (wanted.first === 0 && wanted.last === null) return ''
  return `&entity-bytes=${wanted.first}:${wanted.last ?? '*'}`
}
