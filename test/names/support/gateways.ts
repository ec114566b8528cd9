import type { Ask, AskedEndpoint } from '../../../src/providers/proof.ts'

export interface ScriptedAnswer {
  readonly status?: number
  readonly type?: string
  readonly body?: Buffer | string
}

/** An endpoint that says what a test wants; what the script throws is thrown. */
export function gateway(key: string, script: (ask: Ask) => Promise<ScriptedAnswer> | ScriptedAnswer) {
  const asked: string[] = []
  const upstream: AskedEndpoint = {
    key,
    async ask(ask) {
      asked.push(ask.path)
      const { status = 200, type = 'application/json', body = '' } = await script(ask)
      return { status, header: (name) => (name === 'content-type' ? type : null), body: only(Buffer.from(body)) }
    },
  }
  return { ...upstream, asked }
}

async function* only(bytes: Buffer) {
  yield bytes
}

export const ipnsRecord = (body: Buffer): ScriptedAnswer => ({ type: 'application/vnd.ipfs.ipns-record', body })
