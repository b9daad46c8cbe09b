// SPDX-License-Identifier: GPL-3.0-or-later
// Bouncy Castle's opinion of a CAdES file: the value of every signer and countersignature, and the
// tokens of signature timestamps over these values. Prints one line each and exits with 0 when all
// are good. Whether certificates are trusted, and archive timestamps, are not its matter.
//
//   java -cp bcprov.jar:bcpkix.jar:bcutil.jar BcCades.java FILE [CONTENT]
//   java -cp ... BcCades.java --list LIST

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.Security;
import java.util.Arrays;
import java.util.Collection;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.SignerInformationVerifier;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.tsp.TimeStampToken;
import org.bouncycastle.util.Store;

public class BcCades {
    private static boolean good = true;

    private static void say(boolean fine, String what) {
        good &= fine;
        System.out.println((fine ? "good " : "BAD ") + what);
    }

    @SuppressWarnings("unchecked")
    private static SignerInformationVerifier verifier(SignerInformation signer,
            Store<X509CertificateHolder> certificates) throws Exception {
        Collection<X509CertificateHolder> found = certificates.getMatches(signer.getSID());
        if (found.isEmpty())
            throw new IllegalStateException("no certificate of a signer");
        // Without the check of validity: the test's clock is not today's.
        return new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC")
            .build(new JcaX509CertificateConverter().setProvider("BC")
                .getCertificate(found.iterator().next()).getPublicKey());
    }

    private static void checkToken(byte[] der, byte[] value, String name) throws Exception {
        TimeStampToken token = new TimeStampToken(new CMSSignedData(der));
        MessageDigest digest = MessageDigest.getInstance(
            token.getTimeStampInfo().getMessageImprintAlgOID().getId(), "BC");
        boolean covers = Arrays.equals(digest.digest(value),
            token.getTimeStampInfo().getMessageImprintDigest());
        SignerInformation signer =
            token.toCMSSignedData().getSignerInfos().getSigners().iterator().next();
        say(covers && signer.verify(verifier(signer, token.getCertificates())),
            "timestamp of " + name);
    }

    private static void check(SignerInformation signer, Store<X509CertificateHolder> certificates,
            String name) throws Exception {
        say(signer.verify(verifier(signer, certificates)), name);
        if (signer.getUnsignedAttributes() != null) {
            ASN1EncodableVector all = signer.getUnsignedAttributes()
                .getAll(PKCSObjectIdentifiers.id_aa_signatureTimeStampToken);
            for (int i = 0; i < all.size(); i++) {
                Attribute attribute = Attribute.getInstance(all.get(i));
                for (ASN1Encodable value : attribute.getAttributeValues())
                    checkToken(value.toASN1Primitive().getEncoded(), signer.getSignature(), name);
            }
        }
        int number = 0;
        for (SignerInformation above : signer.getCounterSignatures().getSigners())
            check(above, certificates, "countersignature " + ++number + " of " + name);
    }

    /** Checks one file; false when anything in it is bad, or nothing is there. */
    private static boolean checkFile(String name, String content) throws Exception {
        good = true;
        byte[] file = Files.readAllBytes(Path.of(name));
        CMSSignedData data = content != null
            ? new CMSSignedData(new CMSProcessableByteArray(Files.readAllBytes(Path.of(content))), file)
            : new CMSSignedData(file);
        int number = 0;
        for (SignerInformation signer : data.getSignerInfos().getSigners())
            check(signer, data.getCertificates(), "signature " + ++number);
        return good && number > 0;
    }

    /** Lines "FILE" or "FILE tab CONTENT"; after what is said of each comes "= 0 FILE" (good) or
     * "= 1 FILE". */
    private static boolean checkList(String list) throws Exception {
        boolean all = true;
        for (String line : Files.readAllLines(Path.of(list))) {
            String[] names = line.split("\t");
            boolean fine;
            try {
                fine = checkFile(names[0], names.length > 1 ? names[1] : null);
            } catch (Exception error) {
                System.out.println("BAD " + error);
                fine = false;
            }
            System.out.println("= " + (fine ? 0 : 1) + " " + names[0]);
            all &= fine;
        }
        return all;
    }

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        boolean fine = args[0].equals("--list") ? checkList(args[1])
            : checkFile(args[0], args.length > 1 ? args[1] : null);
        System.exit(fine ? 0 : 1);
    }
}
