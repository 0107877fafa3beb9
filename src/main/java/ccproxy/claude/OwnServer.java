package ccproxy.claude;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// A server of ours that may be running. Its own certificate is trusted and no other; then the name
/// in it does not matter, which is rarely that of the address we ask.
///
/// @param address where it would be
/// @param token what it wants to be shown, or `""`
/// @param certificates its own, none for plain HTTP
public record OwnServer(URI address, String token, List<X509Certificate> certificates) {
    private static final int HEALTH_MILLIS_MAX = 1000;

    /// The first handshake of a process loads half of the JDK's cryptography.
    private static final int HEALTH_MILLIS_MAX_TLS = 5000;

    /// {@return whether its `/health` answers}: something else may have the port.
    public boolean isThere() {
        try {
            var health =
                    (HttpURLConnection)
                            address.resolve("/health").toURL().openConnection(Proxy.NO_PROXY);
            if (health instanceof HttpsURLConnection secure) {
                secure.setSSLSocketFactory(trust().getSocketFactory());
                secure.setHostnameVerifier((_, _) -> true);
            }
            boolean isPlain = certificates.isEmpty();
            health.setConnectTimeout(HEALTH_MILLIS_MAX);
            health.setReadTimeout(isPlain ? HEALTH_MILLIS_MAX : HEALTH_MILLIS_MAX_TLS);
            try (InputStream in = health.getInputStream()) {
                return new String(in.readNBytes(1000), StandardCharsets.UTF_8)
                        .contains("\"backend\"");
            }
        } catch (IOException _) {
            return false;
        }
    }

    /// {@return a connection to it with what it speaks over it: TLS, or nothing}
    ///
    /// @param plain whose reads have a timeout, which is the handshake's too
    /// @throws IOException when it does not prove to be this server
    public Socket over(Socket plain) throws IOException {
        if (certificates.isEmpty()) return plain;
        return tls().over(plain, address.getHost(), address.getPort());
    }

    Tls tls() {
        return certificates.isEmpty() ? Tls.DEFAULT : new Tls(this::trust);
    }

    private SSLContext trust() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Only(certificates)}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every JDK has TLS", e);
        }
    }

    /// Trusts these certificates, whatever name or date is in them. As an extended one it is asked
    /// for all that counts, and the JDK adds no check of its own.
    private static final class Only extends X509ExtendedTrustManager {
        private final List<X509Certificate> trusted;

        Only(List<X509Certificate> trusted) {
            this.trusted = trusted;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            if (chain.length > 0 && trusted.contains(chain[0])) return;
            throw new CertificateException("not the certificate of tls.keystore");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type)
                throws CertificateException {
            throw new CertificateException("no client is asked for one");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            throw new CertificateException("no client is asked for one");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("no client is asked for one");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return trusted.toArray(X509Certificate[]::new);
        }
    }
}
