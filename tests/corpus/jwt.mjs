// Tokens as an issuer makes them, and as others do: every part may be anything.

import {createHmac, generateKeyPairSync, sign as signByKey, constants} from 'node:crypto';

export const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const json = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

export function keyPair(type, options) {
  const {publicKey, privateKey} = generateKeyPairSync(type, options);
  return {public: publicKey, private: privateKey};
}

export const rsaPair = (bits = 2048, exponent = 65_537) =>
  keyPair('rsa', {modulusLength: bits, publicExponent: exponent});
export const curvePair = (curve = 'P-256') => keyPair('ec', {namedCurve: curve});

export const pem = (pair) => pair.public.export({type: 'spki', format: 'pem'});
export const der = (pair) => pair.public.export({type: 'spki', format: 'der'});
export const jwk = (pair, kid, more = {}) =>
  ({...pair.public.export({format: 'jwk'}), kid, ...more});

/** The signature of this text; `key` is a pair, and for HS the secret. */
export function signature(algorithm, key, text) {
  const hash = `sha${algorithm.slice(2)}`;
  switch (algorithm.slice(0, 2)) {
    case 'HS': return createHmac(hash, key).update(text).digest();
    case 'RS': return signByKey(hash, Buffer.from(text), key.private);
    case 'PS': return signByKey(hash, Buffer.from(text), {
      key: key.private, padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST});
    case 'ES': return signByKey(hash, Buffer.from(text),
                                {key: key.private, dsaEncoding: 'ieee-p1363'});
    default: return signByKey(null, Buffer.from(text), key.private);
  }
}

/** Header and claims may be objects, or the JSON as it shall stand there. */
export const unsigned = (header, claims) => `${base64url(json(header))}.${base64url(json(claims))}`;

/** One that is genuine when `algorithm` and `key` are the issuer's. */
export function signed(algorithm, key, header, claims) {
  const text = unsigned(header, claims);
  return `${text}.${base64url(signature(algorithm, key, text))}`;
}
