import type { Preset } from './preset.ts'

/** The cities of edge locations. Not the hundreds of PoPs inside of access networks, which the page names besides. */
export const cloudfront: Preset = {
  source: 'https://aws.amazon.com/cloudfront/features/, as github.com/tobilg/aws-edge-locations read it',
  date: '2025-05-04',
  metros: `
    AKL AMS ARN ATH ATL BAH BCN BER BKK BLR BNA BNE BOG BOM BOS BRU BUD CAI CCU CDG CGK CMH CPH CPT DEL DEN DFW DOH
    DTW DUB DUS DXB EWR EZE FCO FJR FOR FRA GIG GRU HAM HAN HEL HIO HKG HYD IAD IAH ICN IST JED JFK JNB KIX KUL LAX
    LHR LIM LIS LOS MAA MAD MAN MCI MCT MEL MIA MNL MRS MSP MUC MXP NBO NRT ORD OSL OTP PEK PER PHL PHX PIT PMO PNQ
    PRG PVG QRO SCL SEA SFO SGN SIN SLC SOF SYD SZX TLV TPA TPE VIE WAW YUL YVR YYZ ZAG ZHY ZRH
  `,
}
