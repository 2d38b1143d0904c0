# The project with its pinned packages. JupyterLab is what starts:
#   docker build -t ecgcore . && docker run --rm -p 8888:8888 ecgcore
# Anything else: docker run --rm -v "$PWD/runs:/home/reader/ecgcore/runs" ecgcore make book
FROM python:3.11-slim-bookworm
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core git make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 reader
USER reader
WORKDIR /home/reader/ecgcore
COPY --chown=reader requirements.lock requirements.hashes pyproject.toml Makefile ./
COPY --chown=reader ecgcore ecgcore
RUN make .venv/.ready
COPY --chown=reader . .
ENV PATH=/home/reader/ecgcore/.venv/bin:$PATH
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser", "notebooks"]
