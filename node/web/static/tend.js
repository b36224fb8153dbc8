// Small comforts. Every screen works without this file.
(() => {
	"use strict";

	// A button that only script can make work appears only with script.
	const wake = (root) => {
		for (const b of root.querySelectorAll("[data-print]")) b.hidden = false;
		if (navigator.clipboard) for (const b of root.querySelectorAll("[data-copy]")) b.hidden = false;
		if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia)
			for (const c of root.querySelectorAll("[data-camera]")) c.hidden = false;
	};

	document.addEventListener("click", async (e) => {
		const b = e.target.closest("button");
		if (!b) return;
		if (b.hasAttribute("data-print")) window.print();
		if (b.dataset.copy) {
			await navigator.clipboard.writeText(document.getElementById(b.dataset.copy).textContent.trim());
			b.querySelector("span").textContent = b.dataset.copied;
		}
		if (b.hasAttribute("data-camera-start")) scan(b.closest("[data-camera]"));
	});

	// scan films until a code is found. Frames go to this home's own node, five a
	// second at most and one at a time, and are kept by nobody.
	async function scan(box) {
		const video = box.querySelector("video");
		const says = box.querySelector("[data-camera-says]");
		let film;
		try {
			film = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 } } });
		} catch {
			says.textContent = says.dataset.off;
			return;
		}
		box.classList.add("on");
		box.querySelector("[data-camera-start]").hidden = true;
		says.textContent = says.dataset.looking;
		video.srcObject = film;
		await video.play();
		const canvas = document.createElement("canvas");
		while (box.isConnected) {
			const began = performance.now();
			const text = await look(box.dataset.camera, video, canvas);
			if (text) {
				for (const track of film.getTracks()) track.stop();
				says.textContent = says.dataset.found;
				const form = document.querySelector("[data-camera-form]");
				form.elements.words.value = text;
				form.submit();
				return;
			}
			await new Promise((done) => setTimeout(done, Math.max(0, 200 - (performance.now() - began))));
		}
		for (const track of film.getTracks()) track.stop();
	}

	// look sends one frame, at most 960 wide, and returns the text found in it.
	async function look(to, video, canvas) {
		if (!video.videoWidth) return "";
		const scale = Math.min(1, 960 / video.videoWidth);
		canvas.width = Math.round(video.videoWidth * scale);
		canvas.height = Math.round(video.videoHeight * scale);
		canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
		const frame = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
		if (!frame) return "";
		try {
			const answer = await fetch(to, { method: "POST", body: frame, headers: { "Content-Type": "image/jpeg" } });
			return answer.ok ? (await answer.text()).trim() : "";
		} catch {
			return "";
		}
	}

	// A form that is posted in place, without leaving the screen, behaves as one that
	// does: its fields are as the home sent them, unless it asked for them again; what it
	// has to say is in sight; and a home that does not answer is no silence.
	const posted = (e) => (e.detail.ctx && e.detail.ctx.request && e.detail.ctx.request.method === "POST" ? e.detail.ctx : null);
	const forms = new WeakMap();
	document.addEventListener("htmx:before:request", (e) => {
		if (posted(e)) forms.set(e.detail.ctx, e.target.closest("form"));
	});

	// A look that was asked for before a form was answered is older than the answer.
	document.addEventListener("htmx:before:swap", (e) => {
		const main = document.getElementById("main");
		const ctx = e.detail.ctx;
		if (ctx && !posted(e) && e.target === main && ctx.request.action !== main.getAttribute("hx-get")) e.preventDefault();
	});

	document.addEventListener("htmx:after:swap", (e) => {
		wake(document);
		const ctx = posted(e);
		if (!ctx) return;
		const lost = document.getElementById("lost");
		lost.hidden = true;
		const form = forms.get(ctx);
		const taken = ctx.response.status < 400;
		if (form && form.isConnected && taken) form.reset();
		const said = document.getElementById("said");
		if (said && !(taken && form && form.hasAttribute("data-stay"))) said.scrollIntoView({ block: "nearest" });
		document.dispatchEvent(new Event("tend:posted"));
	});

	document.addEventListener("htmx:error", (e) => {
		if (!posted(e)) return;
		const lost = document.getElementById("lost");
		lost.textContent = lost.dataset.says;
		lost.hidden = false;
	});

	wake(document);
})();
