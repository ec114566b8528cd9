import t from 'tap'
import { parsePathTemplate } from '../../../src/config/values/path-template.ts'
import { isRefusal } from '../../../src/config/values/refusal.ts'
import { PROVIDERS, type ProviderName } from '../../../src/providers/index.ts'
import { PRESETS } from '../../../src/providers/presets/index.ts'
import type { Preset, Provider } from '../../../src/providers/provider.ts'

const PRESET_NAMES = Object.keys(PRESETS) as (keyof typeof PRESETS)[]

/** What is asked for, as a preset or the operator has it. */
function planned(name: ProviderName, target: string, reference: string | null, template?: string): string {
  const { plan, pathTemplate }: Provider = PROVIDERS[name]
  return plan({ basePath: '', pathTemplate: template ?? pathTemplate ?? '{path}' }, target, reference)
}

t.test('every preset is a provider whose bytes the manifest proves, and that is not trusted', (t) => {
  for (const name of PRESET_NAMES) {
    const { trustByDefault, proof }: Provider = PROVIDERS[name]
    t.strictSame({ trustByDefault, proof }, { trustByDefault: false, proof: 'manifest' }, name)
  }
  t.end()
})

t.test('its template is one that the configuration would take, or it says what it needs', (t) => {
  for (const name of PRESET_NAMES) {
    const { pathTemplate, probe, needs }: Preset = PRESETS[name]
    if (pathTemplate === null) t.match(needs ?? '', /^path_template: /, name)
    else t.equal(parsePathTemplate(pathTemplate) === pathTemplate, true, name)
    t.equal(needs === undefined, pathTemplate !== null, `${name} needs something exactly where nothing is usual`)
    t.ok(probe === null || /^\/[!-~]+$/.test(probe), `${name} is checked by a path`)
  }
  const [, example] = /path_template: (\S+),/.exec(PRESETS.storj.needs ?? '') ?? []
  t.notOk(isRefusal(parsePathTemplate(example)), 'what is needed is shown in a form that is accepted')
  t.end()
})

/** References and URLs in the forms that the documentation of each network shows: docs/providers has the sources. */
const SHAPES: readonly (readonly [name: ProviderName, reference: string, url: string])[] = [
  [
    'swarm',
    '36b7efd913ca4cf880b8eeac5093fa27b0825906c600685b6abdd6566e6cfe8f',
    '/bzz/36b7efd913ca4cf880b8eeac5093fa27b0825906c600685b6abdd6566e6cfe8f/',
  ],
  [
    'walrus',
    'DJHLsgUoKQKEPcw3uehNQwuJjMu5a2sRdn8r-f7iWSAAC8Pw',
    '/v1/blobs/by-quilt-patch-id/DJHLsgUoKQKEPcw3uehNQwuJjMu5a2sRdn8r-f7iWSAAC8Pw',
  ],
  [
    'filecoin',
    'bafkzcibcd4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy',
    '/bafkzcibcd4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy',
  ],
  [
    'theta',
    '0x3852a9efead985ff970b2f289ef070b0eafbe5371b7433611fe1c6c2c4d009cd',
    '/api/v2/data/0x3852a9efead985ff970b2f289ef070b0eafbe5371b7433611fe1c6c2c4d009cd',
  ],
]

t.test('a file is asked for by what the network calls it, whatever its path and query', (t) => {
  for (const [name, reference, url] of SHAPES) {
    for (const target of ['/assets/app.js', '/', '/assets/app.js?v=2', '/$&/%7Bref%7D']) {
      t.equal(planned(name, target, reference), url)
    }
  }
  t.end()
})

t.test('or by the path of the site, where a root has it', (t) => {
  const cases: readonly (readonly [name: ProviderName, template: string, url: string])[] = [
    ['swarm', '/bzz/36b7efd9{path}', '/bzz/36b7efd9/assets/app.js?v=2'],
    ['walrus', '/v1/blobs/{ref}', '/v1/blobs/M4hs'],
    ['theta', '/api/v2/data/0x0b32a27c{path}', '/api/v2/data/0x0b32a27c/assets/app.js?v=2'],
    [
      'storj',
      '/raw/jwaohtj3dhixxfpzhwj522x7z3pa/site{path}',
      '/raw/jwaohtj3dhixxfpzhwj522x7z3pa/site/assets/app.js?v=2',
    ],
  ]
  for (const [name, template, url] of cases) t.equal(planned(name, '/assets/app.js?v=2', 'M4hs', template), url)
  t.equal(planned('meson', '/assets/app.js?v=2', null), '/assets/app.js?v=2')
  t.equal(planned('nkn', '/assets/app.js?v=2', null), '/assets/app.js?v=2')
  t.end()
})

t.test('below the base path of a gateway that has one', (t) => {
  const { plan, pathTemplate } = PROVIDERS.walrus
  const endpoint = { basePath: '/agg', pathTemplate: pathTemplate ?? '' }
  t.equal(plan(endpoint, '/a', 'M4hs'), '/agg/v1/blobs/by-quilt-patch-id/M4hs')
  t.end()
})

t.test('what is asked to see whether it is well', (t) => {
  const probes = Object.fromEntries(PRESET_NAMES.map((name) => [name, PROVIDERS[name].probe]))
  t.strictSame(probes, {
    swarm: '/readiness',
    walrus: '/status',
    filecoin: null,
    theta: null,
    meson: null,
    storj: '/health/process',
    nkn: null,
  })
  t.end()
})
