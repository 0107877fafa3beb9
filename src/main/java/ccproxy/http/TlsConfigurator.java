package ccproxy.http;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import java.security.GeneralSecurityException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;

/// TLS 1.3 and 1.2 with the JDK's cipher suites, in our order; clients show no certificate.
final class TlsConfigurator extends HttpsConfigurator {
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    private TlsConfigurator(SSLContext context) {
        super(context);
    }

    /// {@return TLS with the certificate of a keystore}
    ///
    /// @throws Keystore.UnusableException when there is none in it
    static TlsConfigurator of(Keystore keystore) throws Keystore.UnusableException {
        return of(new RenewedKeys(keystore, System::nanoTime));
    }

    static TlsConfigurator of(RenewedKeys keys) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {keys}, new TrustManager[0], null);
            return new TlsConfigurator(context);
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every JDK has TLS", e);
        }
    }

    @Override
    public void configure(HttpsParameters parameters) {
        SSLParameters tls = getSSLContext().getDefaultSSLParameters();
        tls.setProtocols(PROTOCOLS);
        tls.setUseCipherSuitesOrder(true);
        parameters.setSSLParameters(tls);
    }
}
