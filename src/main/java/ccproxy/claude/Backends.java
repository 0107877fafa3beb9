package ccproxy.claude;

/// STUB, to be replaced: just enough for the program to start.
public final class Backends implements AutoCloseable {
    private final String name;
    private final String advice;

    private Backends(String name, String advice) {
        this.name = name;
        this.advice = advice;
    }

    /// Opens.
    public static Backends open(ClaudeSettings settings) {
        if (!settings.backend().equals("auto")) return new Backends(settings.backend(), "");
        return settings.hasCredentials()
                ? new Backends("api", "")
                : new Backends("echo", "no key is set: answers are echoes; set api.key");
    }

    /// {@return the bare routes' backend}
    public String name() {
        return name;
    }

    /// {@return a warning, or nothing}
    public String advice() {
        return advice;
    }

    @Override
    public void close() {}
}
