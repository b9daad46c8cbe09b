// SPDX-License-Identifier: GPL-3.0-or-later
// Bouncy Castle as a peer of the national primitives. Reads commands, one a line, from the standard
// input, and answers each with one line. All octets are hexadecimal, "-" is none.
//
//   hash NAME DATA         NAME: gost34311 (S-box DKE-1), gost34311-test (D-TEST), kupyna-256,
//                          kupyna-384, kupyna-512, streebog-256, streebog-512
//   encrypt KEY BLOCKS     GOST 28147 with DKE-1, each block by itself
//   cfb KEY IV DATA        the same with cipher feedback, encrypting
//   curve N                the named curve number N of DSTU 4145: m k1 k2 k3 a b n x y
//   sign N SCALAR DIGEST   a signature and the compressed public key; all little-endian, as are
//   verify N KEY DIGEST SIGNATURE   "good" or "bad"
//   certificate DER        a certificate of DSTU 4145 verifies with its own key: "good" or "bad"
//   gost-curve OID         a curve of GOST R 34.10: p a b q x y cofactor
//   gost-sign OID SCALAR DIGEST     r || s and x || y; all little-endian, as are
//   gost-verify OID KEY DIGEST SIGNATURE   "good" or "bad"
//
//   java -cp bcprov.jar BcNational.java <COMMANDS

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.cryptopro.ECGOST3410NamedCurves;
import org.bouncycastle.asn1.ua.DSTU4145NamedCurves;
import org.bouncycastle.asn1.ua.DSTU4145Params;
import org.bouncycastle.asn1.ua.DSTU4145PointEncoder;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.CipherParameters;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.DSTU7564Digest;
import org.bouncycastle.crypto.digests.GOST3411Digest;
import org.bouncycastle.crypto.digests.GOST3411_2012_256Digest;
import org.bouncycastle.crypto.digests.GOST3411_2012_512Digest;
import org.bouncycastle.crypto.engines.GOST28147Engine;
import org.bouncycastle.crypto.modes.CFBBlockCipher;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;
import org.bouncycastle.crypto.params.ParametersWithSBox;
import org.bouncycastle.crypto.signers.DSTU4145Signer;
import org.bouncycastle.crypto.signers.ECGOST3410_2012Signer;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.math.ec.ECCurve;
import org.bouncycastle.math.ec.ECPoint;
import org.bouncycastle.util.BigIntegers;
import org.bouncycastle.util.encoders.Hex;

public class BcNational {
    private static byte[] octets(String hex) {
        return hex.equals("-") ? new byte[0] : Hex.decode(hex);
    }

    /** The S-box DKE-1, one value an octet. */
    private static byte[] substitution() {
        byte[] packed = DSTU4145Params.getDefaultDKE();
        byte[] expanded = new byte[packed.length * 2];
        for (int i = 0; i < packed.length; i++) {
            expanded[2 * i] = (byte) (packed[i] >> 4 & 0xf);
            expanded[2 * i + 1] = (byte) (packed[i] & 0xf);
        }
        return expanded;
    }

    private static Digest digest(String name) {
        switch (name) {
        case "gost34311":
            return new GOST3411Digest(substitution());
        case "gost34311-test":
            return new GOST3411Digest(GOST28147Engine.getSBox("D-TEST"));
        case "streebog-256":
            return new GOST3411_2012_256Digest();
        case "streebog-512":
            return new GOST3411_2012_512Digest();
        default:
            return new DSTU7564Digest(Integer.parseInt(name.substring("kupyna-".length())));
        }
    }

    private static String hash(String name, byte[] data) {
        Digest digest = digest(name);
        byte[] result = new byte[digest.getDigestSize()];
        digest.update(data, 0, data.length);
        digest.doFinal(result, 0);
        return Hex.toHexString(result);
    }

    private static CipherParameters key(byte[] key) {
        return new ParametersWithSBox(new KeyParameter(key), substitution());
    }

    private static String encrypt(byte[] key, byte[] data) {
        GOST28147Engine engine = new GOST28147Engine();
        byte[] result = new byte[data.length];
        engine.init(true, key(key));
        for (int i = 0; i < data.length; i += engine.getBlockSize())
            engine.processBlock(data, i, result, i);
        return Hex.toHexString(result);
    }

    private static String feedback(byte[] key, byte[] iv, byte[] data) {
        CFBBlockCipher cipher = new CFBBlockCipher(new GOST28147Engine(), 64);
        byte[] result = new byte[data.length];
        cipher.init(true, new ParametersWithIV(key(key), iv));
        cipher.processBytes(data, 0, data.length, result, 0);
        return Hex.toHexString(result);
    }

    private static ECDomainParameters domain(String number) {
        return DSTU4145NamedCurves.getByOID(
            new ASN1ObjectIdentifier("1.2.804.2.1.1.1.1.3.1.1.2." + number));
    }

    private static String curve(ECDomainParameters domain) {
        ECCurve.F2m curve = (ECCurve.F2m) domain.getCurve();
        ECPoint base = domain.getG().normalize();
        return curve.getM() + " " + curve.getK1() + " " + curve.getK2() + " " + curve.getK3() + " "
            + curve.getA().toBigInteger() + " " + curve.getB().toBigInteger().toString(16) + " "
            + domain.getN().toString(16) + " "
            + base.getAffineXCoord().toBigInteger().toString(16) + " "
            + base.getAffineYCoord().toBigInteger().toString(16);
    }

    private static byte[] reversed(byte[] octets) {
        byte[] result = octets.clone();
        for (int i = 0; i < result.length; i++)
            result[i] = octets[octets.length - 1 - i];
        return result;
    }

    private static BigInteger number(byte[] octets) {
        return new BigInteger(1, reversed(octets));
    }

    private static String text(BigInteger number, int size) {
        return Hex.toHexString(reversed(BigIntegers.asUnsignedByteArray(size, number)));
    }

    private static String sign(ECDomainParameters domain, byte[] scalar, byte[] digest) {
        DSTU4145Signer signer = new DSTU4145Signer();
        BigInteger d = number(scalar);
        int size = (domain.getN().bitLength() + 7) / 8;
        signer.init(true, new ECPrivateKeyParameters(d, domain));
        BigInteger[] signature = signer.generateSignature(digest);
        return text(signature[0], size) + text(signature[1], size) + " " + Hex.toHexString(reversed(
            DSTU4145PointEncoder.encodePoint(domain.getG().multiply(d).negate().normalize())));
    }

    private static String verify(ECDomainParameters domain, byte[] key, byte[] digest,
            byte[] signature) {
        DSTU4145Signer signer = new DSTU4145Signer();
        int half = signature.length / 2;
        signer.init(false, new ECPublicKeyParameters(
            DSTU4145PointEncoder.decodePoint(domain.getCurve(), reversed(key)), domain));
        return signer.verifySignature(digest, number(Arrays.copyOf(signature, half)),
            number(Arrays.copyOfRange(signature, half, signature.length))) ? "good" : "bad";
    }

    private static ECDomainParameters gostDomain(String identifier) {
        X9ECParameters curve = ECGOST3410NamedCurves.getByOIDX9(
            new ASN1ObjectIdentifier(identifier));
        return new ECDomainParameters(curve.getCurve(), curve.getG(), curve.getN(), curve.getH());
    }

    private static String gostCurve(ECDomainParameters domain) {
        ECPoint base = domain.getG().normalize();
        return domain.getCurve().getField().getCharacteristic().toString(16) + " "
            + domain.getCurve().getA().toBigInteger().toString(16) + " "
            + domain.getCurve().getB().toBigInteger().toString(16) + " "
            + domain.getN().toString(16) + " "
            + base.getAffineXCoord().toBigInteger().toString(16) + " "
            + base.getAffineYCoord().toBigInteger().toString(16) + " "
            + domain.getH().toString(16);
    }

    private static String gostSign(ECDomainParameters domain, byte[] scalar, byte[] digest) {
        ECGOST3410_2012Signer signer = new ECGOST3410_2012Signer();
        BigInteger d = number(scalar);
        int size = scalar.length;
        signer.init(true, new ECPrivateKeyParameters(d, domain));
        BigInteger[] signature = signer.generateSignature(digest);
        ECPoint point = domain.getG().multiply(d).normalize();
        return text(signature[0], size) + text(signature[1], size) + " "
            + text(point.getAffineXCoord().toBigInteger(), size)
            + text(point.getAffineYCoord().toBigInteger(), size);
    }

    private static String gostVerify(ECDomainParameters domain, byte[] key, byte[] digest,
            byte[] signature) {
        ECGOST3410_2012Signer signer = new ECGOST3410_2012Signer();
        int half = key.length / 2;
        signer.init(false, new ECPublicKeyParameters(domain.getCurve().createPoint(
            number(Arrays.copyOf(key, half)), number(Arrays.copyOfRange(key, half, 2 * half))),
            domain));
        return signer.verifySignature(digest, number(Arrays.copyOf(signature, half)),
            number(Arrays.copyOfRange(signature, half, 2 * half))) ? "good" : "bad";
    }

    private static String certificate(byte[] der) throws Exception {
        BouncyCastleProvider provider = new BouncyCastleProvider();
        X509Certificate certificate = (X509Certificate) CertificateFactory
            .getInstance("X.509", provider).generateCertificate(new ByteArrayInputStream(der));
        Signature signature = Signature.getInstance(certificate.getSigAlgOID(), provider);
        signature.initVerify(certificate.getPublicKey());
        signature.update(certificate.getTBSCertificate());
        return signature.verify(certificate.getSignature()) ? "good" : "bad";
    }

    private static String answer(String[] words) throws Exception {
        switch (words[0]) {
        case "hash":
            return hash(words[1], octets(words[2]));
        case "encrypt":
            return encrypt(octets(words[1]), octets(words[2]));
        case "cfb":
            return feedback(octets(words[1]), octets(words[2]), octets(words[3]));
        case "curve":
            return curve(domain(words[1]));
        case "sign":
            return sign(domain(words[1]), octets(words[2]), octets(words[3]));
        case "verify":
            return verify(domain(words[1]), octets(words[2]), octets(words[3]), octets(words[4]));
        case "certificate":
            return certificate(octets(words[1]));
        case "gost-curve":
            return gostCurve(gostDomain(words[1]));
        case "gost-sign":
            return gostSign(gostDomain(words[1]), octets(words[2]), octets(words[3]));
        case "gost-verify":
            return gostVerify(gostDomain(words[1]), octets(words[2]), octets(words[3]),
                octets(words[4]));
        default:
            throw new IllegalArgumentException(words[0]);
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        StringBuilder answers = new StringBuilder();
        for (String line = commands.readLine(); line != null; line = commands.readLine())
            answers.append(answer(line.split(" "))).append('\n');
        System.out.print(answers);
    }
}
