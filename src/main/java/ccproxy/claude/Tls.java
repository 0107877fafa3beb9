package ccproxy.claude;

import java.io.IOException;
import java.net.Socket;
import java.security.NoSuchAlgorithmException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/// TLS toward the upstream: 1.2 or newer, and only with a certificate that is valid for the host
/// (RFC 9110 §4.3.4). Whom to trust is the JDK's to say (`javax.net.ssl.trustStore`).
final class Tls {
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    /// Where trust comes from; asked for late, because an upstream without TLS needs none of it.
    interface Trust {
        /// {@return what is trusted}
        SSLContext context() throws NoSuchAlgorithmException;
    }

    /// What the JDK trusts.
    static final Tls DEFAULT = new Tls(SSLContext::getDefault);

    private final Trust trust;

    Tls(Trust trust) {
        this.trust = trust;
    }

    /// {@return TLS over a connection, its handshake done; it has the time that the connection's
    /// reads have}
    ///
    /// @param host whose certificate is expected
    /// @throws IOException when the other end is not `host`, or does not speak TLS in time
    Socket over(Socket plain, String host, int port) throws IOException {
        try {
            var secure =
                    (SSLSocket)
                            trust.context()
                                    .getSocketFactory()
                                    .createSocket(plain, host, port, true);
            SSLParameters parameters = secure.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setProtocols(PROTOCOLS);
            parameters.setApplicationProtocols(new String[] {"http/1.1"});
            secure.setSSLParameters(parameters);
            secure.startHandshake();
            return secure;
        } catch (NoSuchAlgorithmException e) {
            throw new IOException(e);
        }
    }
}
