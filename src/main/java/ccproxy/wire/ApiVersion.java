package ccproxy.wire;

/// What a date in `anthropic-version` means. Dates compare as texts.
public final class ApiVersion {
    /// The first version that refuses every sampling field, documents of the assistant and
    /// citations of the user.
    public static final String STRICT = "2026-10-21";

    private ApiVersion() {}

    /// {@return whether requests of this version are held to the refusals of [#STRICT]}
    public static boolean isStrict(String version) {
        return version.compareTo(STRICT) >= 0;
    }
}
