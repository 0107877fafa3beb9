package ccproxy.claude;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;

/// A certificate made for a test, which its own context trusts and nobody else.
public final class Certificates {
    public static final String PASSWORD = "changeit";

    private Certificates() {}

    /// A context that proves to be these hosts, and trusts whoever does so by the same certificate.
    ///
    /// @param names as `keytool` takes them: `dns:localhost,ip:127.0.0.1`
    static SSLContext of(Path folder, String names) throws Exception {
        Path file = folder.resolve(Integer.toHexString(names.hashCode()) + ".p12");
        make(file, names);
        return context(file);
    }

    /// Makes a keystore with a new key and its certificate.
    ///
    /// @param more flags of `keytool`, such as `-startdate`
    public static void make(Path file, String names, String... more) throws Exception {
        Path log = file.resolveSibling("keytool.log");
        String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        var command = new ArrayList<>(List.of(keytool, "-J-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("-genkeypair", "-alias", "test", "-keyalg", "EC"));
        command.addAll(List.of("-dname", "CN=test", "-ext", "san=" + names));
        command.addAll(List.of("-storetype", "PKCS12", "-keystore", file.toString()));
        command.addAll(List.of("-storepass", PASSWORD));
        command.addAll(List.of(more));
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0)
            throw new IOException(Files.readString(log));
    }

    /// {@return a context that proves to be who the keystore is for, and trusts who does so}
    public static SSLContext context(Path file) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, PASSWORD.toCharArray());
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
