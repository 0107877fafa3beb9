package ccproxy.claude;

import ccproxy.observe.Histogram;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntSupplier;

/// The backends of this server, and what they share.
public final class Backends implements AutoCloseable {
    private final String name;
    private final String advice;
    private final String chatVersion;
    private final Map<String, SessionClaude> byName = new LinkedHashMap<>();
    private final StatusCounts apiResponses;
    private final IntSupplier apiConnections;
    private final ModelCatalog catalog;
    private final Prices prices;
    private final CliClaude cli;
    private final ClaudeSettings settings;
    private final Map<String, String> environment;
    private final Memory memory;
    private final Around around;
    private Runnable stopRefreshing = () -> {};

    /// @param around what stands between a backend, by its name, and its sessions
    private Backends(
            ClaudeSettings settings,
            Map<String, String> environment,
            Memory memory,
            Around around) {
        this.settings = settings;
        this.environment = environment;
        this.memory = memory;
        this.around = around;
        prices = settings.prices();
        catalog = new ModelCatalog(settings.models());
        name = chosen(settings);
        advice = advice(settings, name);
        chatVersion = chatVersion(settings);
        var api =
                new ApiClaude(
                        settings,
                        new Upstream(
                                settings.apiBaseUrl(),
                                settings.connectTimeout(),
                                new EnvironmentProxies(environment)));
        apiResponses = api.responses();
        apiConnections = api::connections;
        boolean isPerClient = settings.passCredentials() && !settings.hasCredentials();
        // Last: it has a thread of its own, which nobody would end if the others failed.
        cli = new CliClaude(settings, catalog, memory.conversations());
        put("sdk", cli, false);
        put("api", api, isPerClient);
        put("echo", new EchoClaude(catalog), false);
        if (name.equals("sdk")) cli.warmUp();
        if (settings.hasCredentials()) stopRefreshing = ModelRefresh.start(api, catalog)::interrupt;
    }

    private void put(String backend, Claude inner, boolean isPerClient) {
        boolean isKept = backend.equals("sdk");
        Optional<SessionStore> store = isKept ? Optional.of(memory.store()) : Optional.empty();
        var shelf = new SessionClaude.Shelf(memory.sessions(), backend, store);
        Claude asked = around.put(backend, inner, catalog);
        byName.put(backend, new SessionClaude(asked, settings, isPerClient, shelf));
    }

    /// Backends that ask nobody: see [#played].
    private Backends(ClaudeSettings settings, Recording recording) {
        this.settings = settings;
        this.environment = Map.of();
        this.memory = Memory.of(settings.cli().stateFolder());
        this.around = (_, backend, _) -> backend;
        prices = settings.prices();
        apiResponses = new StatusCounts();
        apiConnections = () -> 0;
        catalog = new ModelCatalog(settings.models());
        catalog.refresh(recording.modelTold());
        cli = new CliClaude(settings, catalog, memory.conversations());
        name = settings.backend();
        advice = "";
        chatVersion = chatVersion(settings);
        for (String each : List.of("sdk", "api", "echo")) {
            Claude inner = each.equals("sdk") ? cli : new EchoClaude(catalog);
            var played = new PlayedClaude(inner, each, recording);
            var shelf = new SessionClaude.Shelf(memory.sessions(), each, Optional.empty());
            var claude = new SessionClaude(played, settings, false, shelf);
            recording.remind(claude, each, memory.thinking());
            byName.put(each, claude);
        }
    }

    /// What stands between a backend and its sessions.
    private interface Around {
        Claude put(String name, Claude backend, ModelCatalog catalog);
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
        return open(settings, environment, (_, backend, _) -> backend);
    }

    private static Backends open(
            ClaudeSettings settings, Map<String, String> environment, Around around) {
        var memory = Memory.of(settings.cli().stateFolder());
        return new Backends(settings, environment, memory, around);
    }

    /// {@return these if they are of such settings, else others with the same sessions}; then these
    /// begin nothing new, and go on until they are closed.
    ///
    /// @throws IllegalArgumentException as [#open]; then these stay as they are
    public Backends with(ClaudeSettings others) {
        if (others.equals(settings)) return this;
        var next = new Backends(others, environment, memory, around);
        stopRefreshing.run();
        cli.retire();
        return next;
    }

    /// {@return the backends, all that they are asked and answer written to the trace of its
    /// request}
    ///
    /// @throws IllegalArgumentException as [#open]
    public static Backends traced(ClaudeSettings settings) {
        return open(
                settings,
                System.getenv(),
                (name, backend, catalog) -> new TracedClaude(backend, name, catalog));
    }

    /// {@return backends that answer as recorded, whatever they are asked, and note where that is
    /// not what was recorded; with the session and the thinking that the server remembered then}
    public static Backends played(ClaudeSettings settings, Recording recording) {
        return new Backends(settings, recording);
    }

    private static String advice(ClaudeSettings settings, String name) {
        if (name.equals("echo") && settings.backend().equals("auto"))
            return "no ANTHROPIC_API_KEY is set and no claude program found: the echo model answers; set the key, install the Claude Code CLI (npm install -g @anthropic-ai/claude-code), or choose --backend api to pass clients' own keys on";
        boolean hasKey = settings.hasCredentials() || settings.passCredentials();
        return name.equals("api") && !hasKey ? "/api has no key: " + ApiClaude.NO_KEY : "";
    }

    private static String chatVersion(ClaudeSettings settings) {
        boolean isAuto = settings.apiVersion().equals("auto");
        return isAuto ? ApiClaude.VERSION_DEFAULT : settings.apiVersion();
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
    public Map<String, ? extends Claude> byName() {
        return byName;
    }

    /// {@return what happened in them so far}
    public BackendCounts counts() {
        var sessions = new TreeMap<String, Long>(Map.of("busy", 0L, "idle", 0L));
        var waits = new TreeMap<String, Histogram.Snapshot>();
        byName.forEach((name, claude) -> {
            for (SessionInfo session : claude.sessions(ClientHeaders.NONE))
                sessions.merge(session.isBusy() ? "busy" : "idle", 1L, Long::sum);
            waits.put(name, claude.waits().snapshot());
        });
        var responses =
                new TreeMap<>(Map.of("api", apiResponses.all(), "sdk", cli.responses().all()));
        return new BackendCounts(
                responses, apiConnections.getAsInt(), sessions, waits, cli.counts());
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

    /// {@return what tokens cost}
    public Prices prices() {
        return prices;
    }

    /// {@return what is known of the models}
    public ModelCatalog catalog() {
        return catalog;
    }

    /// {@return the thinking kept for clients that drop it}
    public ThinkingStore thinking() {
        return memory.thinking();
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
