package ccproxy.claude;

import ccproxy.wire.ApiException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Whether the backends can answer, looked at without spending a token.
public final class Checkup {
    private final ClaudeSettings settings;
    private final String backend;

    /// What was found of one thing.
    ///
    /// @param name of the thing
    /// @param verdict whether something is to be done
    /// @param text what was found, and what to do
    public record Finding(String name, Verdict verdict, String text) {}

    /// Whether something is to be done.
    public enum Verdict {
        /// As it should be.
        OK,
        /// Missing, and not needed as the server is configured.
        NOTE,
        /// Missing, and needed.
        PROBLEM
    }

    /// @param backend that answers on bare routes: what it does not need is no problem
    public Checkup(ClaudeSettings settings, String backend) {
        this.settings = settings;
        this.backend = backend;
    }

    /// {@return what was found}
    public List<Finding> findings() throws InterruptedException {
        var findings = new ArrayList<Finding>();
        findings.addAll(cli());
        findings.add(key());
        findings.add(upstream());
        return findings;
    }

    /// What is missing is a problem to the backend that needs it.
    private Verdict missing(String name) {
        return backend.equals(name) ? Verdict.PROBLEM : Verdict.NOTE;
    }

    private List<Finding> cli() throws InterruptedException {
        var program = new CliProgram(settings.cli());
        String problem = program.problem();
        if (!problem.isEmpty()) return List.of(new Finding("claude", missing("sdk"), problem));
        String found = "version " + program.version() + " at " + program.path();
        CliProgram.Login login = program.login();
        String who = login.method().isEmpty() ? "logged in" : "logged in (" + login.method() + ")";
        return List.of(
                new Finding("claude", Verdict.OK, found),
                login.isLoggedIn()
                        ? new Finding("login", Verdict.OK, who)
                        : new Finding("login", missing("sdk"), CliProgram.LOG_IN));
    }

    private Finding key() {
        if (settings.hasCredentials()) return new Finding("key", Verdict.OK, "set");
        String text =
                settings.passCredentials()
                        ? "none set: on /api each client's own key is passed on"
                        : ApiClaude.NO_KEY;
        return new Finding("key", settings.passCredentials() ? Verdict.OK : missing("api"), text);
    }

    private Finding upstream() throws InterruptedException {
        URI base = settings.apiBaseUrl();
        String problem;
        try (var upstream =
                new Upstream(
                        base,
                        settings.connectTimeout(),
                        new EnvironmentProxies(settings.cli().environment()))) {
            // Any answer will do: whether a key is good is not asked.
            Sending asked =
                    upstream.send(
                            "/v1/models",
                            Map.of("anthropic-version", List.of(ApiClaude.VERSION_DEFAULT)),
                            new byte[0]);
            try {
                asked.await(System.nanoTime() + 2 * settings.connectTimeout().toNanos());
            } finally {
                asked.cancel();
            }
            return new Finding("upstream", Verdict.OK, base + " answers");
        } catch (SocketTimeoutException | Sending.ConnectTimeoutException _) {
            problem = "did not answer in time";
        } catch (IOException | IllegalArgumentException | ApiException e) {
            problem = Sending.reason(e);
        }
        return new Finding(
                "upstream",
                missing("api"),
                base
                        + ": "
                        + problem
                        + "; check the network, HTTPS_PROXY and api.base_url (only /api needs it)");
    }
}
