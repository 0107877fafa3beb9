package ccproxy.claude;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;

/// A certificate made for a test, which its own context trusts and nobody else.
final class Certificates {
    private static final char[] PASSWORD = "changeit".toCharArray();

    private Certificates() {}

    /// A context that proves to be these hosts, and trusts whoever does so by the same certificate.
    ///
    /// @param names as `keytool` takes them: `dns:localhost,ip:127.0.0.1`
    static SSLContext of(Path folder, String names) throws Exception {
        Path file = folder.resolve(Integer.toHexString(names.hashCode()) + ".p12");
        String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process process =
                new ProcessBuilder(
                                keytool,
                                "-J-XX:TieredStopAtLevel=1",
                                "-genkeypair",
                                "-alias",
                                "test",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=test",
                                "-ext",
                                "san=" + names,
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                file.toString(),
                                "-storepass",
                                new String(PASSWORD))
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("keytool.log").toFile())
                        .start();
        if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0)
            throw new IOException(Files.readString(folder.resolve("keytool.log")));
        return context(file);
    }

    private static SSLContext context(Path file) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD);
        }
        var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, PASSWORD);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("test", keys.getCertificate("test"));
        var others = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        others.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), others.getTrustManagers(), null);
        return context;
    }

    /// A socket on loopback that proves to be somebody.
    static SSLServerSocket server(SSLContext context) throws IOException {
        return (SSLServerSocket)
                context.getServerSocketFactory()
                        .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    /// A backend whose upstream is on this machine.
    static ApiClaude api(String host, int port, SSLContext trusted) {
        return api(host, port, trusted, Map.of());
    }

    static ApiClaude api(
            String host, int port, SSLContext trusted, Map<String, String> environment) {
        ClaudeSettings settings = Answers.settings("https://" + host + ":" + port);
        return new ApiClaude(
                settings,
                new Upstream(
                        settings.apiBaseUrl(),
                        Duration.ofSeconds(2),
                        new EnvironmentProxies(environment),
                        new Tls(() -> trusted)));
    }
}
