//! The machine that a measurement was taken on.

/// Enough to know whether two times may be compared.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Model of the processor.
    pub cpu: String,
    /// How many cores this process may use.
    pub cores: usize,
    /// Operating system.
    pub os: String,
    /// Instruction set.
    pub arch: String,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn here() -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            cpu: model(&info).unwrap_or("unknown processor").to_owned(),
            cores: std::thread::available_parallelism().map_or(1, core::num::NonZero::get),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
        }
    }
}

fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_read_from_the_first_processor() {
        let info = "processor\t: 0\nmodel name\t: Some CPU @ 3GHz\n\nmodel name\t: Other\n";
        assert_eq!(model(info), Some("Some CPU @ 3GHz"));
        assert_eq!(model(""), None);
        assert!(Machine::here().cores > 0);
    }
}
