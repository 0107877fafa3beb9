package ccproxy.http;

import ccproxy.observe.Log;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.function.LongSupplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/// The certificate of a keystore, taken up anew when the file has changed: certificates are renewed
/// while servers run. The file is looked at when a client connects, at most once a minute; one that
/// cannot be used is a warning, and the certificate before it stays. For any number of threads.
final class RenewedKeys extends X509ExtendedKeyManager {
    static final long LOOK_NANOS_MIN = 60_000_000_000L;

    private final Keystore keystore;
    private final LongSupplier nanos;
    private volatile Loaded loaded;
    private long lookedAt;

    /// Keys of one reading of the file. A handshake asks three times, by a name: names of another
    /// reading are known as such, and those of the one before are still answered.
    ///
    /// @param prefix of the names in it
    /// @param before the reading before, or null
    private record Loaded(
            String prefix, X509ExtendedKeyManager keys, Keystore.Content content, Loaded before) {}

    /// @param nanos as [System#nanoTime]
    /// @throws Keystore.UnusableException when there is nothing to begin with
    RenewedKeys(Keystore keystore, LongSupplier nanos) throws Keystore.UnusableException {
        this.keystore = keystore;
        this.nanos = nanos;
        this.lookedAt = nanos.getAsLong();
        this.loaded = loaded(keystore.read(), 0, null);
        warnOfTime(loaded.content.certificate());
    }

    private Loaded loaded(Keystore.Content content, int count, Loaded before)
            throws Keystore.UnusableException {
        try {
            var factory = KeyManagerFactory.getInstance("PKIX");
            factory.init(content.keys(), keystore.password().toCharArray());
            for (KeyManager manager : factory.getKeyManagers()) {
                if (manager instanceof X509ExtendedKeyManager keys)
                    return new Loaded(count + "/", keys, content, before);
            }
            throw new AssertionError("every JDK has one for X.509");
        } catch (GeneralSecurityException e) {
            throw new Keystore.UnusableException(keystore.file(), e.getMessage());
        }
    }

    private static void warnOfTime(X509Certificate certificate) {
        try {
            certificate.checkValidity();
        } catch (CertificateExpiredException | CertificateNotYetValidException e) {
            boolean isOver = e instanceof CertificateExpiredException;
            Log.warn(
                            isOver
                                    ? "the certificate of tls.keystore has expired: clients will refuse it"
                                    : "the certificate of tls.keystore is not valid yet: clients will refuse it")
                    .with("from", certificate.getNotBefore().toInstant().toString())
                    .with("until", certificate.getNotAfter().toInstant().toString())
                    .write();
        }
    }

    /// Takes a changed file up.
    private synchronized void renew() {
        if (nanos.getAsLong() - lookedAt < LOOK_NANOS_MIN) return;
        lookedAt = nanos.getAsLong();
        try {
            Loaded now = loaded;
            if (Files.getLastModifiedTime(keystore.file()).equals(now.content.changedAt())) return;
            int count = Integer.parseInt(now.prefix, 0, now.prefix.length() - 1, 10) + 1;
            var last = new Loaded(now.prefix, now.keys, now.content, null);
            loaded = loaded(keystore.read(), count, last);
            X509Certificate certificate = loaded.content.certificate();
            Log.info("certificate renewed")
                    .with("until", certificate.getNotAfter().toInstant().toString())
                    .write();
            warnOfTime(certificate);
        } catch (IOException e) {
            Log.warn("the changed keystore cannot be used: the certificate before it stays")
                    .with("error", e.getMessage())
                    .write();
        }
    }

    @Override
    public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
        renew();
        Loaded now = loaded;
        String alias = now.keys.chooseEngineServerAlias(type, issuers, engine);
        return alias == null ? null : now.prefix + alias;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        Loaded of = of(alias);
        return of.keys.getCertificateChain(alias.substring(of.prefix.length()));
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        Loaded of = of(alias);
        return of.keys.getPrivateKey(alias.substring(of.prefix.length()));
    }

    private Loaded of(String alias) {
        Loaded now = loaded;
        boolean isBefore = !alias.startsWith(now.prefix) && now.before != null;
        return isBefore ? now.before : now;
    }

    // What only sockets and clients ask for: the server has engines.

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
        return null;
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
        return null;
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
        return null;
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
        return null;
    }
}
