import type { Preset } from './preset.ts'

/** bunny.net says it has more than these: 119 places in all. */
export const bunny: Preset = {
  source: 'https://bunny.net/network/: github.com/adaptive/pops of 2020, and what is remembered of later lists',
  date: '2024',
  metros: `
    ADL AKL ALA AMS ARN ATH ATL BEG BKK BLR BNE BOG BOM BOS BRU BTS BUD CAI CDG CGK CPH DEN DFW DUB DXB EZE FRA GRU
    HAN HEL HKG HNL IAD IAH ICN IST JFK JNB KIV KIX KUL LAX LCA LHR LIM LIS LJU LOS LUX MAD MCI MEL MEX MIA MNL MXP
    NBO NRT ORD OSL OTP PER PRG RIX SCL SEA SIN SJC SLC SOF SYD TBS TLL TLV TPE VIE VNO WAW YUL YVR YYZ ZAG ZRH
  `,
}
