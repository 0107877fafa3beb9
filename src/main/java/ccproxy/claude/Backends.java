package ccproxy.claude;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;

/// The backends of this server, and what they share.
public final class Backends implements AutoCloseable {
    private final String name;
    private final String advice;
    private final String chatVersion;
    private final Map<String, Claude> byName = new LinkedHashMap<>();
    private final ModelCatalog catalog;
    private final CliClaude cli;
    private final ThinkingStore thinking = new ThinkingStore();
    private Runnable stopRefreshing = () -> {};

    private Backends(ClaudeSettings settings, Map<String, String> environment) {
        catalog = new ModelCatalog(settings.models());
        cli = new CliClaude(settings, catalog);
        boolean isAuto = settings.backend().equals("auto");
        name = chosen(settings);
        advice =
                isAuto && name.equals("echo")
                        ? "no ANTHROPIC_API_KEY is set and no claude program found: the echo model answers; set the key, install the Claude Code CLI (npm install -g @anthropic-ai/claude-code), or choose --backend api to pass clients' own keys on"
                        : "";
        chatVersion =
                settings.apiVersion().equals("auto")
                        ? ApiClaude.VERSION_DEFAULT
                        : settings.apiVersion();
        Claude api =
                new ApiClaude(
                        settings,
                        new Upstream(
                                settings.apiBaseUrl(),
                                settings.connectTimeout(),
                                new EnvironmentProxies(environment)));
        boolean isPerClient = settings.passCredentials() && !settings.hasCredentials();
        var store =
                new SessionStore(
                        settings.cli().stateFolder().resolve("sessions"), Clock.systemUTC());
        byName.put("sdk", SessionClaude.kept(cli, settings, store));
        byName.put("api", new SessionClaude(api, settings, Clock.systemUTC(), isPerClient));
        byName.put(
                "echo",
                new SessionClaude(new EchoClaude(catalog), settings, Clock.systemUTC(), false));
        if (name.equals("sdk")) cli.warmUp();
        if (settings.hasCredentials()) stopRefreshing = ModelRefresh.start(api, catalog)::interrupt;
    }

    /// {@return the backend that `auto` chooses, or the one that is set}
    public static String chosen(ClaudeSettings settings) {
        return settings.backend().equals("auto") ? auto(settings) : settings.backend();
    }

    private static String auto(ClaudeSettings settings) {
        if (settings.hasCredentials()) return "api";
        return new CliProgram(settings.cli()).isFound() ? "sdk" : "echo";
    }

    /// {@return the backends}
    ///
    /// @throws IllegalArgumentException when the environment names a proxy that cannot be used
    public static Backends open(ClaudeSettings settings) {
        return open(settings, System.getenv());
    }

    static Backends open(ClaudeSettings settings, Map<String, String> environment) {
        return new Backends(settings, environment);
    }

    /// {@return the name of the backend that answers on bare routes}
    public String name() {
        return name;
    }

    /// {@return what to do to get a real backend, `""` when there is one}
    public String advice() {
        return advice;
    }

    /// {@return the backends by name}
    public Map<String, Claude> byName() {
        return byName;
    }

    /// {@return why bare routes cannot answer and what to do, `""` when they can as far as is
    /// known; waits for nothing}
    public String problem() {
        return name.equals("sdk") ? cli.problem() : "";
    }

    /// {@return what is known of the backend of bare routes, for whoever watches the server}
    public Map<String, Object> shown() {
        return name.equals("sdk") ? cli.shown() : Map.of();
    }

    /// {@return what is known of the models}
    public ModelCatalog catalog() {
        return catalog;
    }

    /// {@return the thinking kept for clients that drop it}
    public ThinkingStore thinking() {
        return thinking;
    }

    /// {@return the `anthropic-version` of requests that came as Chat Completions}
    public String chatVersion() {
        return chatVersion;
    }

    @Override
    public void close() {
        stopRefreshing.run();
        byName.values().forEach(Claude::close);
    }
}
